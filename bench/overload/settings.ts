// The settings and tasks that all runs share.

import type { LoadTask } from "./load.ts";
import type { ServerProcess } from "./processes.ts";
import type { Report } from "./tally.ts";

/** The deadline of a request in milliseconds. The longest wait of a request in the server is half of it. */
export const DEADLINE = 100;
/** The service time of the load's command, in milliseconds. */
export const SERVICE = 1;
/** How long a load runs before the measurement, in milliseconds. */
export const WARM = 1000;

/** A request that holds the event loop for so many milliseconds. */
export function burn(ms: number): { readonly line: string; readonly deadline: number } {
  return { line: `BURN ${ms} within=${DEADLINE}ms`, deadline: DEADLINE };
}

/** The networks of the clients: to the server, 127.1.0.1 and 127.2.0.1 are different clients. */
export const NETS = { polite: 1, ping: 2, newcomers: 3, load: 4, hostile: 5 } as const;

/** The settings of all runs. */
export interface Settings {
  readonly seed: number;
  /** The options of the server, as JSON. */
  readonly server: string;
  /** Shows the present run to people who watch. */
  readonly progress: (text: string) => void;
  /** How long to measure an offered load, in milliseconds. */
  readonly loadTime: number;
  /** How long to measure a polite client alone, in milliseconds. */
  readonly aloneTime: number;
  /** How long to measure a polite client beside others, in milliseconds. */
  readonly besideTime: number;
}

/** The resident memory of the server, in bytes. */
export interface ServerMemory {
  readonly start: number;
  readonly peak: number;
  readonly after: number;
}

/** PINGs at a steady pace, beside each run. */
export const PINGS: LoadTask = {
  kind: "open-loop",
  name: "PING",
  net: NETS.ping,
  connections: 1,
  line: "PING",
  deadline: DEADLINE,
  rate: 50,
  tagged: false,
};

/** Shows the reports of a run, and the memory of its server, until the returned function is called. */
export function watch(
  settings: Settings,
  server: ServerProcess,
  reports: () => Report[],
): () => void {
  server.peak = server.resident();
  const timer = setInterval(() => {
    const words = reports().map(({ name, good, sent, due, opened, seconds }) =>
      due > 0 ? `${name} ${good} good of ${sent}, ${seconds.toFixed(0)} s` : `${name} ${opened}`
    );
    settings.progress(`${words.join(" | ")} | ${Math.round(server.resident() / 2 ** 20)} MiB`);
  }, 500);
  return () => clearInterval(timer);
}
