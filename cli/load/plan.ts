// What a load is, as plain data: it goes to the threads as it is.

import type { RequestPlan } from "./request.ts";

/** When requests are due in an open loop. */
export const arrivals = ["poisson", "steady"] as const;

/** What one thread does. */
export interface ThreadPlan {
  readonly address: string;
  /** A certificate to trust beside those of the system, as PEM. */
  readonly authority: string | undefined;
  readonly requests: readonly RequestPlan[];
  readonly connections: number;
  /** Requests in flight on a connection: kept (closed loop) or at most (open loop). */
  readonly depth: number;
  /** Whether requests carry tags, so that answers may come in any order. */
  readonly tagged: boolean;
  /** Requests a second whatever the server does; `undefined` for a closed loop. */
  readonly rate: number | undefined;
  readonly arrivals: typeof arrivals[number];
  /** Milliseconds that are not measured, before those that are. */
  readonly warmup: number;
  /** Milliseconds that are measured. */
  readonly duration: number;
  /** Milliseconds that answers are waited for at the end. */
  readonly grace: number;
  /** After so many requests the run is over too. */
  readonly most: number;
  /** The first number of `{{n}}` and the step to the next. */
  readonly first: number;
  readonly step: number;
  /** Milliseconds between two reports to the main thread. */
  readonly tick: number;
}

/** A whole run: the plan of one thread for all of them together. */
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
