// Whether the server is well, in sentences, from its figures.

import { counted, milliseconds, perSecond, whole } from "./figures.ts";
import { latest, rates, recent, type Samples } from "./history.ts";
import { linkTo } from "./route.ts";
import type { Values } from "./server.ts";

/** Something that an operator should look at. */
export interface Finding {
  readonly text: string;
  readonly isBad: boolean;
  readonly link?: string;
}

const SLOW_LOOP_MS = 50;
const FULL = 0.9;
const OLD_MS = 5 * 60_000;
/** Refusals that tell of load, and not of a client's mistake. */
const LOADED = ["busy", "quota", "expired", "internal"];

/**
 * The faults of the server and its queues, the worst first. `queues` are all queues of the server, as QUEUES tells them; without them
 * those that have a history are looked at.
 */
export function findings(samples: Samples, queues?: readonly Values[]): readonly Finding[] {
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
  let named = 0;
  for (const { name, oldest, dead } of queues?.map(ofReply) ?? ofHistory(samples)) {
    if (oldest > OLD_MS) {
      const minutes = Math.floor(oldest / 60_000);
      add(
        false,
        `${name}: a job has been ready for ${counted(minutes, "minute")}.`,
        linkTo("queues", name),
      );
    }
    if (dead > 0) {
      named += dead;
      add(
        false,
        `${name}: ${counted(dead, "job")} ${dead === 1 ? "is" : "are"} dead.`,
        linkTo("jobs", undefined, { queue: name, state: "dead" }),
      );
    }
  }
  if (named === 0 && figure("queue-dead") > 0) {
    const dead = figure("queue-dead");
    add(
      false,
      `${counted(dead, "job")} ${dead === 1 ? "is" : "are"} dead.`,
      linkTo("queues", undefined, { sort: "dead" }),
    );
  }
  const waiting = figure("waiting");
  if (waiting > 0) add(false, `${whole(waiting)} requests wait for a seat.`);
  return found.sort((a, b) => Number(b.isBad) - Number(a.isBad));
}

interface WatchedQueue {
  readonly name: string;
  readonly oldest: number;
  readonly dead: number;
}

function ofReply({ queue, oldest, dead }: Values): WatchedQueue {
  return { name: String(queue), oldest: Number(oldest ?? 0), dead: Number(dead ?? 0) };
}

function ofHistory({ queues }: Samples): WatchedQueue[] {
  return [...queues].map(([name, columns]) => {
    const last = (column: string): number => columns.get(column)?.at(-1) ?? 0;
    return { name, oldest: last("oldest"), dead: last("dead") };
  });
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
