// What `lineup queue` and `lineup serve` have in common: where they listen, what they say, how they end.

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
  drain: {
    value: "DURATION",
    type: { type: "duration", min: 0, max: 3_600_000 },
    summary: "How long requests may take to finish after Ctrl-C or SIGTERM.",
    default: "10s",
  },
};

/** The options of `serve` that `servingFlags` say. */
export function servingOptions(flags: Flags): ServeOptions {
  const { host, port, listen, drain } = flags;
  const place = listen === undefined ? { hostname: host, port } : { listen: [listen] };
  return { ...place, drain, signals: true };
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
