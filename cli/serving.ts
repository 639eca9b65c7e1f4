// What `lineup queue` and `lineup serve` have in common: where they listen, what they say, how they end.

import { formatAddress } from "../net/mod.ts";
import type { ServeOptions, Server } from "../server/mod.ts";
import type { Flag, Flags } from "./flags.ts";

/** The flags of every command that serves. */
export const servingFlags: Readonly<Record<string, Flag>> = {
  host: { value: "HOST", summary: "The name or address to listen at.", default: "127.0.0.1" },
  port: {
    value: "PORT",
    type: { type: "integer", min: 0, max: 65_535 },
    summary: "The port; 0 takes a free one.",
    default: "5463",
  },
  listen: {
    value: "ADDRESS",
    summary: "Listen at tcp://HOST:PORT or unix:PATH instead of --host and --port.",
  },
  "proxy-from": {
    value: "ADDRESSES",
    summary:
      "Proxies that connect, with commas between: each connection begins with a PROXY header.",
  },
  insecure: {
    summary:
      "Listen where other machines can connect, although the server asks for no credentials.",
  },
  drain: {
    value: "DURATION",
    type: { type: "duration", min: 0, max: 3_600_000 },
    summary: "How long requests may take to finish after Ctrl-C or SIGTERM.",
    default: "10s",
  },
};

/** The options of `serve` that `servingFlags` say. */
export function servingOptions(flags: Flags): ServeOptions {
  const { host, port, listen, drain, insecure } = flags;
  const address = listen ?? formatAddress({ transport: "tcp", hostname: host, port });
  const proxies = flags["proxy-from"]?.split(",");
  const place = proxies === undefined ? address : { address, proxyFrom: proxies };
  return { listen: [place], insecure, drain, signals: true };
}

/** Says where the server listens, and waits for its end. Nothing else ever goes to standard output. */
export async function serveToEnd(name: string, server: Server, hint: string): Promise<number> {
  console.log(`${name} listening on ${server.address}`);
  console.error(
    `${hint}\nTry: ${telnet(server.address)}, then type HELP. Ctrl-C stops the server.`,
  );
  await server.finished;
  return 0;
}

function telnet(address: string): string {
  if (!address.startsWith("tcp://")) return `nc -U ${address.replace(/^unix:/, "")}`;
  const { hostname, port } = new URL(address.replace(/^tcp:/, "http:"));
  return `telnet ${hostname.replace(/^\[|\]$/g, "")} ${port || "80"}`;
}
