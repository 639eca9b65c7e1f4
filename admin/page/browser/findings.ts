// Whether the server is well, in sentences, from its figures.

import { counted, milliseconds, perSecond, whole } from "./figures.ts";
import { latest, rates, recent, type Samples } from "./history.ts";
import { linkTo } from "./route.ts";

/** Something that an operator should look at. */
export interface Finding {
  readonly text: string;
  readonly isBad: boolean;
  readonly link?: string;
}

/** The findings about a server. */
export interface Findings {
  /** The worst first. */
  readonly found: readonly Finding[];
  /** How many more there are about queues. */
  readonly unnamed: number;
}

const SLOW_LOOP_MS = 50;
const FULL = 0.9;
/** Refusals that tell of load, and not of a client's mistake. */
const LOADED = ["busy", "quota", "expired", "internal"];

/** The faults of the server and its queues. */
export function findings(samples: Samples): Findings {
  const found: Finding[] = [];
  const add = (isBad: boolean, text: string, link?: string): void => {
    found.push({ text, isBad, link });
  };
  const figure = (name: string): number => latest(samples, name) ?? 0;
  if (figure("queue-read-only") > 0) {
    add(true, "The store fails: nothing can change until it works again.");
  }
  for (const code of LOADED) {
    const rate = recent(rates(samples, `errors-${code}`)) ?? 0;
    if (rate > 0) {
      add(code === "internal" || rate > 1, `Requests are answered ${code}: ${perSecond(rate)}.`);
    }
  }
  const refused = (recent(rates(samples, "connections-busy")) ?? 0) +
    (recent(rates(samples, "connections-quota")) ?? 0);
  if (refused > 0) add(true, `Connections are refused: ${perSecond(refused)}.`);
  const lag = recent(samples.figures.get("loop-lag-ms") ?? []) ?? 0;
  if (lag > SLOW_LOOP_MS) add(true, `The event loop is late by ${milliseconds(lag)}.`);
  addFull(samples, "held-bytes", "The memory for clients", add);
  addFull(samples, "queue-held-bytes", "The memory of the queue", add);
  const { late, dead } = samples.urgent;
  for (const [queue, age] of late.first) {
    const minutes = Math.floor(age / 60_000);
    const text = `${queue}: a job has been ready for ${counted(minutes, "minute")}.`;
    add(false, text, linkTo("queues", queue));
  }
  for (const [queue, count] of dead.first) {
    const text = `${queue}: ${counted(count, "job")} ${count === 1 ? "is" : "are"} dead.`;
    add(false, text, linkTo("jobs", undefined, { queue, state: "dead" }));
  }
  const waiting = figure("waiting");
  if (waiting > 0) add(false, `${whole(waiting)} requests wait for a seat.`);
  return {
    found: found.sort((a, b) => Number(b.isBad) - Number(a.isBad)),
    unnamed: [late, dead].reduce((sum, { count, first }) => sum + count - first.length, 0),
  };
}

function addFull(
  samples: Samples,
  name: string,
  words: string,
  add: (isBad: boolean, text: string) => void,
): void {
  const share = (latest(samples, name) ?? 0) / (latest(samples, `${name}-limit`) ?? Infinity);
  if (share > FULL) add(true, `${words} is ${Math.floor(share * 100)} % full.`);
}
