// Serving, for `lineup queue` and `lineup serve`: the flags for listening, and the run from the first line to the end.

import { isIP } from "node:net";
import type { AdminOptions, AdminServer } from "../admin/mod.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { formatAddress, formatHost, parseAddress } from "../net/mod.ts";
import { LOG_LEVELS } from "../server/log.ts";
import { identitiesFile } from "../server/identity/identities_file.ts";
import type { Reconfiguration, Reloadable, ServeOptions, Server, TlsFiles } from "../server/mod.ts";
import { configFlag } from "./configuration/layers.ts";
import { type Flag, type Flags, UsageError } from "./flags.ts";
import { announce, note } from "./output.ts";
import { logFlags, logWriter, noteWriter, type ServerLog } from "./server_log.ts";
import { readPem } from "./pem.ts";
import { needPrivate } from "./private_file.ts";
import { reason } from "./reason.ts";
import { liveTuning, tuningFlags, tuningOptions } from "./tuning.ts";

/** The flags of each command that serves. */
export const servingFlags: Readonly<Record<string, Flag>> = {
  ...configFlag,
  host: { value: "HOST", summary: "The name or address to listen on.", usual: "127.0.0.1" },
  port: {
    value: "PORT",
    type: { type: "integer", min: 0, max: 65_535 },
    summary: "The port; 0 takes a free one.",
    usual: "5463",
    insteadOf: "listen",
  },
  listen: {
    value: "ADDRESS",
    summary:
      "The address to listen on, in place of --host and --port: tcp://HOST:PORT, tls://, ws://, wss:// or unix:PATH.",
    insteadOf: "port",
  },
  reserve: {
    value: "unix:PATH",
    summary: "Listen on this Unix socket too, with 16 connections that no other address can use.",
  },
  mode: {
    value: "MODE",
    summary: "The file mode of --listen unix:PATH: who may connect; 0600 is your user.",
    usual: "0600",
  },
  "tls-cert": {
    value: "FILE",
    summary:
      "Serve TLS with this certificate (PEM, followed by those of its issuers). It is read again when it changes.",
  },
  "tls-key": { value: "FILE", summary: "The private key of --tls-cert (PEM)." },
  "tls-client-ca": {
    value: "FILE",
    summary:
      "Serve only clients whose certificates this authority has signed (PEM, one certificate or several).",
  },
  "tls-client-optional": {
    summary: "With --tls-client-ca: serve clients without a certificate too, as anonymous ones.",
  },
  ws: {
    value: "PORT",
    type: { type: "integer", min: 0, max: 65_535 },
    summary:
      "Serve WebSocket as well, for browsers, on this port of --host: wss:// with --tls-cert, unless there is --proxy-from.",
  },
  "ws-origin": {
    value: "ORIGINS",
    list: true,
    summary: "Web pages that may connect to --ws: https://HOST, separated by commas, or * for any.",
  },
  "proxy-from": {
    value: "ADDRESSES",
    list: true,
    summary:
      "The IP addresses of your proxies, separated by commas; unix: for proxies at a Unix socket. Each connection must begin with a PROXY header.",
  },
  admin: {
    value: "[HOST:]PORT",
    summary:
      "Serve a page, /metrics, /healthz and /readyz over HTTP at this address, such as 127.0.0.1:5464; 0 takes a free port.",
  },
  "admin-origin": {
    value: "ORIGINS",
    list: true,
    summary:
      "Further names of the --admin port: https://HOST, separated by commas, or * for any. Without it only its IP address counts.",
  },
  identities: {
    value: "FILE",
    summary:
      "The clients that may connect, and what each may do: JSON lines, as `lineup token` writes them. Read again when it changes.",
  },
  insecure: {
    summary: "Let other machines connect, although the server asks for no credentials.",
  },
  "log-level": {
    value: "LEVEL",
    type: { type: "enum", values: LOG_LEVELS },
    summary:
      "The least level of the log on standard error: debug tells of every client that leaves.",
    default: "info",
    live: true,
  },
  ...logFlags,
  "share-port": {
    summary:
      "Let another server of yours that shares it listen at the same port: for a restart that refuses no connection. Needs deno's --unstable-net.",
  },
  drain: {
    value: "DURATION",
    type: { type: "duration", min: 0, max: 3_600_000 },
    summary: "How long running requests may take after Ctrl-C or SIGTERM.",
    default: "10s",
    live: true,
  },
  ...tuningFlags,
};

/** The options of `serve`, and the list of what SIGHUP reads again, to which a command adds. */
export interface ServingOptions extends ServeOptions {
  reloads: Reloadable[];
}

/** The options of `serve` for the flags. Throws `UsageError`. */
export function servingOptions(flags: Flags): ServingOptions {
  const { port = 5463, listen, drain, insecure, ws } = flags;
  refuseUseless(flags);
  const host = readHost(flags.host ?? "127.0.0.1");
  const tls = readTls(flags);
  const transport = tls === undefined ? "tcp" : "tls";
  const address = listen ?? formatAddress({ transport, hostname: host, port });
  const proxies: string[] | undefined = flags["proxy-from"];
  const place = proxies === undefined ? address : { address, proxyFrom: proxies };
  const reserve = flags.reserve === undefined
    ? []
    : [{ address: flags.reserve, reserved: true } as const];
  const origins: string[] | undefined = flags["ws-origin"];
  const socketMode = readMode(flags);
  return {
    ...tuningOptions(flags),
    listen: [place, ...reserve],
    hostname: host,
    tls,
    ws: { port: ws, origins, proxyFrom: proxies },
    socketMode,
    sharePort: flags["share-port"],
    insecure,
    drain,
    log: logWriter(flags),
    logLevel: flags["log-level"],
    signals: true,
    reloads: [],
  };
}

/**
 * Adds the identities of --identities to the options of a server. Disposing ends the looks at the file. Throws an `Error`
 * that names the line of the file that is wrong.
 */
export function openIdentities(flags: Flags, options: ServingOptions): Disposable {
  const { identities: path } = flags;
  if (path === undefined) return new DisposableStack();
  const file = identitiesFile(path);
  options.identities = file;
  options.reloads.push(file);
  if (file.size === 0) {
    noteWriter(flags)(
      `${path} has no identities; \`lineup token add NAME --file ${path}\` adds one.`,
    );
  }
  return file;
}

/** Warns where tokens cross a network that others can read. */
function warnOfPlainTokens(addresses: readonly string[], tell: (text: string) => void): void {
  const isOpen = (address: string): boolean =>
    /^(?:tcp|ws):/.test(address) && !isLoopback(new URL(address).hostname);
  if (!addresses.some(isOpen)) return;
  tell("Tokens cross the network unencrypted: serve TLS, or let a proxy on this machine do it.");
}

/** Warns of a private key that every user of the machine can read. Orchestrators mount secrets so: it is no error. */
function warnOfOpenKey(path: string | undefined, tell: (text: string) => void): void {
  if (path === undefined) return;
  try {
    needPrivate(path);
  } catch (error) {
    tell(`--tls-key: ${reason(error)}.`);
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

/**
 * Opens the admin port that the flags ask for; `undefined` without --admin. `more` are the
 * metrics and the page of what is served, and whether it is ready. Throws `UsageError` or `AddressError`.
 */
export async function openAdmin(
  flags: Flags,
  server: PromiseLike<Server>,
  more: Pick<AdminOptions, "unready" | "metrics" | "page"> = {},
): Promise<AdminServer | undefined> {
  const { admin: address, "admin-origin": origins, insecure } = flags;
  if (address === undefined) {
    if (origins === undefined) return undefined;
    throw new UsageError("--admin-origin needs --admin [HOST:]PORT as well.");
  }
  // Loaded where it is used: most servers have no admin port.
  const { serveAdmin } = await import("../admin/mod.ts");
  return await serveAdmin(server, {
    address,
    insecure,
    origins,
    log: logWriter(flags),
    page: {},
    ...more,
  });
}

/** The options that a running server takes, for the flags. */
export function liveOptions(flags: Flags): Reconfiguration {
  return { ...liveTuning(flags), drain: flags.drain, logLevel: flags["log-level"] };
}

/** Throws `UsageError` for a flag that has no effect. */
function refuseUseless(flags: Flags): void {
  const { host, port, listen, ws, "ws-origin": origins, beanstalkd } = flags;
  if (origins !== undefined && ws === undefined && !/^wss?:/.test(listen ?? "")) {
    throw new UsageError("--ws-origin needs --ws PORT as well.");
  }
  for (const tier of ["rates.prefix", "rates.site"]) {
    if (flags[`${tier}.burst`] === undefined || flags[`${tier}.rate`] !== undefined) continue;
    throw new UsageError(`--${tier}.burst needs --${tier}.rate as well.`);
  }
  if (listen === undefined) return;
  for (const name of ["tls-cert", "tls-key"]) {
    if (flags[name] === undefined || /^(tls|wss):/.test(listen) || ws !== undefined) continue;
    throw new UsageError(`--${name} needs --listen tls://HOST:PORT or wss://, or no --listen.`);
  }
  if (port !== undefined) {
    throw new UsageError("--port and --listen exclude each other: --listen names its own port.");
  }
  // `lineup queue` listens there for clients of beanstalkd too.
  if (host !== undefined && ws === undefined && beanstalkd === undefined) {
    throw new UsageError("--host has no effect with --listen, unless --ws PORT is given.");
  }
}

function readMode({ mode, listen }: Flags): number | undefined {
  if (mode === undefined) return undefined;
  if (!/^0?[0-7]{3}$/.test(mode)) {
    throw new UsageError(`--mode must be the mode of a file, such as 0660, not ${mode}.`);
  }
  if (!listen?.startsWith("unix:")) {
    throw new UsageError("--mode needs --listen unix:PATH as well.");
  }
  return parseInt(mode, 8);
}

/** The name or address of --host. An IPv6 address may have brackets. Throws `UsageError`. */
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

/** The files of the certificate. Throws `UsageError`, which names the flag of a file that is wrong. */
function readTls(flags: Flags): TlsFiles | undefined {
  const {
    "tls-cert": certFile,
    "tls-key": keyFile,
    "tls-client-ca": clientCaFile,
    "tls-client-optional": isOptional,
  } = flags;
  if (isOptional && clientCaFile === undefined) {
    throw new UsageError("--tls-client-optional needs --tls-client-ca as well.");
  }
  if (certFile === undefined && keyFile === undefined) {
    if (clientCaFile === undefined) return undefined;
    throw new UsageError("--tls-client-ca needs --tls-cert and --tls-key as well.");
  }
  if (certFile === undefined) throw new UsageError("--tls-key needs --tls-cert as well.");
  if (keyFile === undefined) throw new UsageError("--tls-cert needs --tls-key as well.");
  readPem("tls-cert", certFile, "certificate");
  readPem("tls-key", keyFile, "private key");
  if (clientCaFile !== undefined) readPem("tls-client-ca", clientCaFile, "certificate");
  const clientCertificate = isOptional ? "optional" : "required";
  return { certFile, keyFile, clientCaFile, clientCertificate };
}

/** What `serveToEnd` tells. */
export interface ServedParts {
  readonly server: Server;
  readonly admin: AdminServer | undefined;
  readonly log: ServerLog;
  /** The flags of the command, which tell what to warn of. */
  readonly flags: Flags;
  /** The dialect, if it is not Lineup/1. */
  readonly dialect?: Dialect;
  /** For the log: what is served. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Sentences for a person. */
  readonly hints: readonly string[];
}

/** Prints where the server listens, the only line on standard output, and waits for its end. */
export async function serveToEnd(
  name: string,
  { server, admin, log, flags, dialect, details, hints }: ServedParts,
): Promise<number> {
  const addresses = admin === undefined ? server.addresses : [...server.addresses, admin.address];
  announce(`${name} listening on ${addresses.join(" and ")}`);
  if (!log.isJson) { for (const hint of hints) note(hint); }
  if (flags.identities !== undefined) warnOfPlainTokens(server.addresses, log.note);
  warnOfOpenKey(flags["tls-key"], log.note);
  if (!log.isJson) {
    // Nothing is known of the requests of another dialect.
    if (dialect !== undefined) note(`It speaks ${dialect.name}.`);
    const then = dialect === undefined ? ", then type HELP" : "";
    note(`Try: ${clientFor(server.address)}${then}. Ctrl-C stops the server.`);
  }
  log.watch(server);
  log.started({ name, addresses: addresses.join(" and "), ...details });
  await server.finished;
  return 0;
}

/** A command line that connects a person to an address. */
function clientFor(address: string): string {
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
