// The plan of a load, as plain data: it is sent to the threads.

import type { Credentials } from "../credentials.ts";
import type { RequestPlan } from "./request.ts";

/** When requests are due in an open loop. */
export const arrivals = ["poisson", "steady"] as const;

/** The plan of one thread. */
export interface ThreadPlan {
  readonly address: string;
  readonly credentials: Credentials;
  readonly requests: readonly RequestPlan[];
  readonly connections: number;
  /** Requests in flight on a connection: always so many (closed loop), or at most (open loop). */
  readonly depth: number;
  /** Whether requests have tags, so that answers may come in any order. */
  readonly tagged: boolean;
  /** Requests a second; `undefined` for a closed loop. */
  readonly rate: number | undefined;
  readonly arrivals: typeof arrivals[number];
  /** The time before the measured time, in ms. */
  readonly warmup: number;
  /** The measured time, in ms. */
  readonly duration: number;
  /** How long to wait for the last answers, in ms. */
  readonly grace: number;
  /** The run ends after so many requests at the latest. */
  readonly most: number;
  /** The first number of `{{n}}`, and the step to the next. */
  readonly first: number;
  readonly step: number;
  /** The time between two reports to the main thread, in ms. */
  readonly tick: number;
}

/** The plan of a whole run. */
export interface LoadPlan extends Omit<ThreadPlan, "first" | "step"> {
  readonly threads: number;
}

/** The share of each thread. */
export function share(plan: LoadPlan): ThreadPlan[] {
  const { threads, rate, ...rest } = plan;
  return Array.from({ length: threads }, (_, i) => ({
    ...rest,
    connections: part(plan.connections, threads, i),
    rate: rate === undefined ? undefined : rate / threads,
    most: Number.isFinite(plan.most) ? part(plan.most, threads, i) : plan.most,
    first: i + 1,
    step: threads,
  }));
}

function part(total: number, parts: number, i: number): number {
  return Math.floor(total / parts) + (i < total % parts ? 1 : 0);
}
