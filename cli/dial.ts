// How the commands that need a server connect to one.

import type { Dial } from "../client/mod.ts";
import { VERSION } from "../dialects/lineup1/version.ts";
import { connectStream } from "../net/mod.ts";
import { connectWebSocket } from "../net/web_socket.ts";
import type { Flag, Flags } from "./flags.ts";
import { readPem } from "./pem.ts";

/** The flags of every command that connects. */
export const dialFlags: Readonly<Record<string, Flag>> = {
  ca: {
    value: "FILE",
    summary:
      "Trust this certificate of a server or of its authority as well (PEM), for tls:// and wss://.",
  },
};

/** The certificate that the flags name. Throws `UsageError`. */
export function readAuthority({ ca }: Flags): string | undefined {
  return ca === undefined ? undefined : readPem("ca", ca, "certificate");
}

/** Connects, and trusts a certificate beside those that the system does. */
export function dialer(authority: string | undefined): Dial {
  if (authority === undefined) {
    return (address, options) => connectStream(address, { alpn: VERSION, ...options });
  }
  const caCerts = [authority];
  return async (address, options) => {
    switch (address.transport) {
      case "tls": {
        // Deno's own TLS takes no certificate of a server that may sign others, as openssl req -x509 makes them.
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
