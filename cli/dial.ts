// Connecting to a server, for each command that needs one.

import type { Dial } from "../client/mod.ts";
import { VERSION } from "../dialects/lineup1/version.ts";
import { connectStream } from "../net/mod.ts";
import { connectWebSocket } from "../net/web_socket.ts";
import type { Flag, Flags } from "./flags.ts";
import { readPem } from "./pem.ts";

/** The flags of each command that connects. */
export const dialFlags: Readonly<Record<string, Flag>> = {
  context: {
    value: "CONTEXT",
    summary: "The server of this context, in place of ADDRESS. See lineup context.",
  },
  ca: {
    value: "FILE",
    summary:
      "For tls:// and wss://: trust this certificate of a server or its authority as well (PEM).",
  },
};

/** The certificate of the flags, in PEM. Throws `UsageError`. */
export function readAuthority({ ca }: Flags): string | undefined {
  return ca === undefined ? undefined : readPem("ca", ca, "certificate");
}

/** A function that connects. It trusts `authority` besides the certificates of the system. */
export function dialer(authority: string | undefined): Dial {
  if (authority === undefined) {
    return (address, options) => connectStream(address, { alpn: VERSION, ...options });
  }
  const caCerts = [authority];
  return async (address, options) => {
    switch (address.transport) {
      case "tls": {
        // Deno's own TLS refuses a server whose certificate may sign others, as those of `openssl req -x509` may.
        const node = await import("../net/node.ts");
        return await node.connectStream(address, { alpn: VERSION, ...options, tls: { caCerts } });
      }
      case "wss": {
        const client = Deno.createHttpClient({ caCerts });
        return await connectWebSocket(address, options, (url) => new WebSocket(url, { client }));
      }
      default:
        return await connectStream(address, options);
    }
  };
}
