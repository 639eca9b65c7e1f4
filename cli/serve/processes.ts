// `lineup serve --processes N`: processes that serve at one port, each with a part of the limits. This one starts them,
// replaces those that end, sums up their figures, and serves nothing itself.

import { formatAddress, parseAddress } from "../../net/mod.ts";
import { systemClock } from "../../net/clock.ts";
import { type Reloadable, reloader } from "../../server/reloads.ts";
import { WorkerProcess } from "../../server/workers/process.ts";
import { type Flags, UsageError } from "../flags.ts";
import { announce, note } from "../output.ts";
import { ServerLog } from "../server_log.ts";
import { type FromProcess, hostUrl, type Rows, type ToProcess } from "./serving_process.ts";

/** The pause before the successor of a process that ended, in ms: it doubles up to the longest. */
const PAUSE = { first: 100, longest: 5000 };
/** The time to close what is open after the drain, in ms. */
const CLOSING_MS = 1000;
/** A process that has served so long did not fail at its start, in ms. */
const LASTING_MS = 10_000;
/** The memory of a process before it is ended, in bytes: that of the limits is a part of it. */
const MOST_MEMORY = 4 * 2 ** 30;

/** Throws `UsageError` for flags that several processes cannot have. */
export function checkProcesses(flags: Flags): void {
  const { listen, reserve, admin, workers } = flags;
  const refuse = (flag: string, why: string): never => {
    throw new UsageError(`--processes and --${flag} exclude each other: ${why}.`);
  };
  if (workers !== undefined) refuse("workers", "each process serves by itself");
  if (reserve !== undefined) refuse("reserve", "a Unix socket has one process");
  if (admin !== undefined) refuse("admin", "the port would show one of the processes");
  if (!("listenDatagram" in Deno)) {
    throw new UsageError("--processes share a port, for which deno needs --unstable-net.");
  }
  if (listen === undefined) return;
  const place = parseAddress(listen);
  if (place.transport === "unix") refuse("listen", "a Unix socket has one process");
  else if (place.port === 0) refuse("listen", "give --port 0 in its place");
}

/**
 * Serves with so many processes until a signal ends them. Resolves with the exit code. `configuration` makes what SIGHUP
 * reads again of the function that applies it.
 */
export async function serveProcesses(
  word: string,
  flags: Flags,
  size: number,
  configuration: (apply: (flags: Flags) => void) => Reloadable,
): Promise<number> {
  using ports = new DisposableStack();
  const own: Record<string, unknown> = { ...flags, "share-port": true };
  // Nobody else may have the port, unless the flags say so.
  if (flags.listen === undefined) own.port = hold(flags, flags.port ?? 5463, ports);
  if (flags.ws !== undefined) own.ws = hold(flags, flags.ws, ports);
  const log = new ServerLog(flags);
  const group = new Group(word, own, size, log);
  const reload = reloader(
    [configuration((next) => group.reconfigure(next))],
    (outcome) =>
      "did" in outcome ? log.info("reloaded", outcome) : log.error("not reloaded", outcome),
  );
  const end = (signal: Deno.Signal): void => group.end(signal);
  const signals = [
    ["SIGINT", () => end("SIGINT")],
    ["SIGTERM", () => end("SIGTERM")],
    ["SIGHUP", () => {
      reload();
      // Each reads its certificate and identities again by itself.
      group.signal("SIGHUP");
    }],
  ] as const;
  for (const [signal, action] of signals) Deno.addSignalListener(signal, action);
  try {
    const { names, addresses } = await group.start();
    ports.dispose();
    announce(`${names} listening on ${addresses.join(" and ")}`);
    if (!log.isJson) {
      const many = size === 1 ? "One process serves" : `${size} processes serve`;
      note(`${many} there. Ctrl-C stops the server.`);
    }
    log.started({ name: names, addresses: addresses.join(" and "), module: word, processes: size });
    await group.ended;
    log.stopped();
    return 0;
  } finally {
    for (const [signal, action] of signals) Deno.removeSignalListener(signal, action);
    group.kill();
  }
}

/** Finds a free port for 0, and otherwise makes sure that nobody listens there. Returns the port. */
function hold(
  { host = "127.0.0.1", "share-port": shared }: Flags,
  port: number,
  held: DisposableStack,
): number {
  const hostname = host.replace(/^\[(.*)\]$/, "$1");
  if (port !== 0) {
    if (!shared) needFree(hostname, port);
    return port;
  }
  // Connections to a listener that accepts none would wait for ever. Nobody knows the port yet.
  const listener = Deno.listen({ hostname, port, reusePort: true });
  held.defer(() => listener.close());
  return listener.addr.port;
}

function needFree(hostname: string, port: number): void {
  try {
    Deno.listen({ hostname, port }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Error(
      `cannot listen at ${formatAddress({ transport: "tcp", hostname, port })}: ` +
        "the address is already in use; --share-port shares it with a server that shares it too",
      { cause: error },
    );
  }
}

/** A line of a process as it is passed on: its log carries its number. */
function label(number: number): (line: string) => string {
  return (line) =>
    line.startsWith("{") ? `{"process":${number},${line.slice(1)}` : `process=${number} ${line}`;
}

/** The processes. */
class Group {
  readonly #word: string;
  #flags: Flags;
  readonly #log: ServerLog;
  readonly #processes: (WorkerProcess<ToProcess, FromProcess> | undefined)[];
  readonly #rows: Rows[] = [];
  readonly #pauses: number[];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #ended = Promise.withResolvers<void>();
  #isEnding = false;

  constructor(word: string, flags: Flags, size: number, log: ServerLog) {
    this.#word = word;
    this.#flags = flags;
    this.#log = log;
    this.#processes = Array(size).fill(undefined);
    this.#pauses = Array(size).fill(PAUSE.first);
  }

  /** Resolves once all have ended, after `end`. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Starts all. Rejects with the error of the first that cannot serve. */
  async start(): Promise<{ names: string; addresses: readonly string[] }> {
    const all = await Promise.all(this.#processes.map((_, at) => this.#start(at)));
    return all[0];
  }

  /** Sends a signal to all. */
  signal(signal: Deno.Signal): void {
    for (const process of this.#processes) process?.signal(signal);
  }

  /** Changes the options that running servers take, in all processes and those that follow. */
  reconfigure(flags: Flags): void {
    // The ports may have been chosen here.
    const { port, ws, "share-port": shared } = this.#flags;
    this.#flags = { ...flags, port, ws, "share-port": shared };
    for (const process of this.#processes) process?.send({ kind: "reconfigure", flags });
  }

  /** Lets all end, at the first time; ends them at once at the second. One that does not is killed. */
  end(signal: Deno.Signal): void {
    const time = this.#isEnding ? 0 : this.#flags.drain;
    this.#isEnding = true;
    this.#log.signal ??= signal;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.add(setTimeout(() => this.#killRest(), time + CLOSING_MS));
    this.signal(signal);
    this.#lookForEnd();
  }

  #killRest(): void {
    for (const [at, process] of this.#processes.entries()) {
      if (process === undefined) continue;
      this.#log.error("a process does not end, and is killed", { process: at + 1 });
      process.kill();
    }
  }

  /** Ends all at once. */
  kill(): void {
    this.#isEnding = true;
    for (const process of this.#processes) process?.kill();
  }

  #lookForEnd(): void {
    if (this.#isEnding && this.#processes.every((each) => each === undefined)) {
      for (const timer of this.#timers) clearTimeout(timer);
      this.#ended.resolve();
    }
  }

  #start(at: number): Promise<{ names: string; addresses: readonly string[] }> {
    const serving = Promise.withResolvers<{ names: string; addresses: readonly string[] }>();
    const began = performance.now();
    const process: WorkerProcess<ToProcess, FromProcess> = new WorkerProcess({
      module: hostUrl,
      host: hostUrl,
      memory: MOST_MEMORY,
      permissions: {},
      config: this.#flags["worker-config"],
      clock: systemClock,
      label: label(at + 1),
    }, (message) => {
      switch (message.kind) {
        case "ready":
          return process.send({
            kind: "serve",
            word: this.#word,
            flags: this.#flags,
            number: at + 1,
            of: this.#processes.length,
          });
        case "serving":
          return serving.resolve(message);
        case "failed":
          return serving.reject(new Error(message.why));
        case "figures":
          this.#rows[at] = message.rows;
          return process.send({ kind: "totals", rows: sumOf(this.#rows) });
      }
    });
    this.#processes[at] = process;
    process.ended.then((how) => {
      this.#processes[at] = undefined;
      serving.reject(new Error(`process ${at + 1} ended before it could serve: ${how}`));
      if (this.#isEnding) return this.#lookForEnd();
      this.#replace(at, how, performance.now() - began);
    });
    serving.promise.catch(() => {});
    return serving.promise;
  }

  #replace(at: number, how: string, lasted: number): void {
    if (lasted > LASTING_MS) this.#pauses[at] = PAUSE.first;
    const pause = this.#pauses[at];
    this.#pauses[at] = Math.min(2 * pause, PAUSE.longest);
    const about = { process: at + 1 };
    this.#log.error("a process ended, and is started again", {
      ...about,
      why: how,
      pause: `${pause}ms`,
    });
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#start(at).then(
        () => this.#log.info("a process serves again", about),
        ({ message }) => this.#log.error("a process cannot serve", { ...about, why: message }),
      );
    }, pause);
    this.#timers.add(timer);
  }
}

/** The sums of figures of the same name. Of a delay it is the longest, and of a limit there is no sum of its parts. */
function sumOf(all: readonly (Rows | undefined)[]): Rows {
  const sums = new Map<string, number>();
  for (const rows of all) {
    for (const [name, value] of rows ?? []) {
      if (/-ms$|^uptime/.test(name)) sums.set(name, Math.max(sums.get(name) ?? 0, value));
      else sums.set(name, (sums.get(name) ?? 0) + value);
    }
  }
  return [...sums];
}
