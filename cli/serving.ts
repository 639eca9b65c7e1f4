// What `lineup queue` and `lineup serve` have in common: where they listen, what they say, how they end.

import { isIP } from "node:net";
import { formatAddress, formatHost, parseAddress } from "../net/mod.ts";
import type { ServeOptions, Server, TlsIdentity } from "../server/mod.ts";
import { type Flag, type Flags, UsageError } from "./flags.ts";
import { announce, note } from "./output.ts";
import { readPem } from "./pem.ts";

/** The flags of every command that serves. */
export const servingFlags: Readonly<Record<string, Flag>> = {
  host: { value: "HOST", summary: "The name or address to listen at. Default 127.0.0.1." },
  port: {
    value: "PORT",
    type: { type: "integer", min: 0, max: 65_535 },
    summary: "The port; 0 takes a free one. Default 5463.",
  },
  listen: {
    value: "ADDRESS",
    summary: "Listen at tcp://HOST:PORT, tls://, ws:// or unix:PATH instead of --host and --port.",
  },
  reserve: {
    value: "unix:PATH",
    summary:
      "Listen at this Unix socket as well, with 16 connections for you that nobody else takes.",
  },
  mode: {
    value: "MODE",
    summary:
      "Who may connect to --listen unix:PATH, as the mode of a file. Default 0600: your user.",
  },
  "tls-cert": {
    value: "FILE",
    summary: "Serve TLS with this certificate (PEM, those of its issuers behind it).",
  },
  "tls-key": { value: "FILE", summary: "The private key of --tls-cert (PEM)." },
  ws: {
    value: "PORT",
    type: { type: "integer", min: 0, max: 65_535 },
    summary: "Serve WebSocket as well, for browsers, at this port of --host.",
  },
  "ws-origin": {
    value: "ORIGINS",
    summary: "Pages that may connect to --ws, as https://HOST with commas between, or * for any.",
  },
  "proxy-from": {
    value: "ADDRESSES",
    summary:
      "IP addresses of proxies, with commas between, and unix: for those at a Unix socket; each connection begins with a PROXY header.",
  },
  insecure: {
    summary:
      "Listen where other machines can connect, although the server asks for no credentials.",
  },
  drain: {
    value: "DURATION",
    type: { type: "duration", min: 0, max: 3_600_000 },
    summary: "How long requests may take to finish after Ctrl-C, SIGTERM or SIGHUP.",
    default: "10s",
  },
};

/** The options of `serve` that `servingFlags` say. Throws `UsageError`. */
export function servingOptions(flags: Flags): ServeOptions {
  const { port = 5463, listen, drain, insecure, ws } = flags;
  refuseIdle(flags);
  const host = readHost(flags.host ?? "127.0.0.1");
  const tls = readIdentity(flags);
  const transport = tls === undefined ? "tcp" : "tls";
  const address = listen ?? formatAddress({ transport, hostname: host, port });
  const proxies = flags["proxy-from"]?.split(",");
  const place = proxies === undefined ? address : { address, proxyFrom: proxies };
  const reserve = flags.reserve === undefined
    ? []
    : [{ address: flags.reserve, reserved: true } as const];
  const origins = flags["ws-origin"]?.split(",");
  const socketMode = readMode(flags);
  return {
    listen: [place, ...reserve],
    hostname: host,
    tls,
    ws: { port: ws, origins, proxyFrom: proxies },
    socketMode,
    insecure,
    drain,
    signals: true,
  };
}

/** Throws `UsageError` for a flag that would have no effect. */
function refuseIdle(flags: Flags): void {
  const { host, port, listen, ws, "ws-origin": origins } = flags;
  if (origins !== undefined && ws === undefined && !listen?.startsWith("ws:")) {
    throw new UsageError("--ws-origin needs --ws PORT beside it.");
  }
  if (listen === undefined) return;
  for (const name of ["tls-cert", "tls-key"]) {
    if (flags[name] === undefined || listen.startsWith("tls:")) continue;
    throw new UsageError(`--${name} needs --listen tls://HOST:PORT, or no --listen, beside it.`);
  }
  if (port !== undefined) {
    throw new UsageError("--port and --listen exclude each other: --listen has a port of its own.");
  }
  if (host !== undefined && ws === undefined) {
    throw new UsageError("--host needs no --listen beside it, or --ws PORT, which listens there.");
  }
}

function readMode({ mode, listen }: Flags): number | undefined {
  if (mode === undefined) return undefined;
  if (!/^0?[0-7]{3}$/.test(mode)) {
    throw new UsageError(`--mode must be the mode of a file, such as 0660, not ${mode}.`);
  }
  if (!listen?.startsWith("unix:")) {
    throw new UsageError("--mode needs --listen unix:PATH beside it.");
  }
  return parseInt(mode, 8);
}

/** The name or the address of --host, IPv6 with or without brackets. Throws `UsageError`. */
function readHost(text: string): string {
  const host = text.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host.replace(/%.*$/, "")) !== 0 || /^[^\s:/\[\]@?#]+$/.test(host)) return host;
  const [, name, port] = /^([^:\s]+):([0-9]+)$/.exec(text) ?? [];
  throw new UsageError(
    name === undefined
      ? `--host must be a name or an address such as 127.0.0.1 or ::1, not "${text}".`
      : `--host takes no port: --host ${name} --port ${port}.`,
  );
}

function readIdentity(flags: Flags): TlsIdentity | undefined {
  const { "tls-cert": cert, "tls-key": key } = flags;
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined) throw new UsageError("--tls-key needs --tls-cert beside it.");
  if (key === undefined) throw new UsageError("--tls-cert needs --tls-key beside it.");
  return {
    cert: readPem("tls-cert", cert, "certificate"),
    key: readPem("tls-key", key, "private key"),
  };
}

/** Says where the server listens, and waits for its end. Nothing else ever goes to standard output. */
export async function serveToEnd(name: string, server: Server, hint: string): Promise<number> {
  announce(`${name} listening on ${server.addresses.join(" and ")}`);
  note(hint);
  note(`Try: ${tryIt(server.address)}, then type HELP. Ctrl-C stops the server.`);
  await server.finished;
  return 0;
}

function tryIt(address: string): string {
  const place = parseAddress(address);
  switch (place.transport) {
    case "tcp":
      return `telnet ${place.hostname} ${place.port}`;
    case "tls":
      return `openssl s_client -quiet -crlf -connect ${formatHost(place)}`;
    case "unix":
      return `nc -U ${place.path}`;
    case "ws":
    case "wss":
      return `lineup connect ${address}`;
  }
}
