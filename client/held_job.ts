// A job between TAKE and its end: its lease is kept, and its end is told until the server has heard it.

import { Refusal } from "../protocol/errors.ts";
import type { Clock } from "../scheduling/clock.ts";
import type { CallOptions } from "./client.ts";
import { asError } from "./errors.ts";
import { JobFailure, LeaseLost, type TakenJob, type WorkClient } from "./jobs.ts";
import { backoff, executedOf, hintOf, isPassing } from "./retry.ts";

/** With less than this left of a lease, in ms, another EXTEND would come too late. */
export const TOO_LATE_MS = 10;
/** How long one EXTEND may take at most, in ms. */
const MOST_ASK_MS = 3_600_000;
/** How long one telling may take. */
const TELL_MS = 10_000;
const BASE_MS = 50;
const CAP_MS = 5000;
/** The most characters of `reason=` of FAIL. */
const MOST_REASON = 1024;

/** How a job ended. */
export type JobOutcome =
  | { readonly type: "done"; readonly body: Uint8Array | string | undefined }
  | { readonly type: "failed"; readonly error: Error }
  | { readonly type: "released"; readonly delay: number };

/** The outcome as the server has taken it. */
export type SettleResult =
  | { readonly type: "done" | "released" }
  | {
    readonly type: "failed";
    readonly error: Error;
    readonly state: "delayed" | "ready" | "dead" | undefined;
  }
  | { readonly type: "lost"; readonly error: Error };

/** The worker as its held jobs see it. */
export interface Holding {
  readonly client: WorkClient;
  readonly clock: Clock;
  readonly random: () => number;
  /** How long leases are, in ms; `undefined` leaves that to PUT. */
  readonly lease: number | undefined;
}

/** Whether an error may pass by itself. A `TypeError` is an argument that the protocol does not allow. */
export function mayPass(error: Error): boolean {
  if (error instanceof TypeError) return false;
  return isPassing(error) || (error as Refusal).code === "expired" ||
    (error as Refusal).code === "cancelled";
}

/** A pause that grows with the failures before it, and is no shorter than the server asks for. */
export function pauseAfter(
  error: Error,
  failures: number,
  cap: number,
  random: () => number,
): number {
  return hintOf(error) + backoff(failures, BASE_MS, cap, random());
}

/** A job in hand. */
export class HeldJob {
  readonly job: TakenJob;
  /** Aborts the handler. */
  readonly handling: AbortController = new AbortController();
  readonly #holding: Holding;
  /** Aborted once nothing more can be told of it. */
  readonly #over = new AbortController();
  readonly #onLost: () => void;
  #until: number;
  #stopTimer: () => void = () => {};
  #telling = false;

  /** Keeps its lease from now on; `onLost` is told where that cannot be. */
  constructor(job: TakenJob, holding: Holding, onLost: () => void) {
    this.job = job;
    this.#holding = holding;
    this.#onLost = onLost;
    this.#until = holding.clock.now() + job.lease;
    this.#keep();
  }

  /** Why nothing more can be told of it; `undefined` while it is held. */
  get lost(): Error | undefined {
    return this.#over.signal.aborted ? this.#over.signal.reason : undefined;
  }

  // Each try comes after half of the time that is left: the first after half of the lease, the others ever faster.
  #keep(): void {
    const { clock } = this.#holding;
    const left = this.#until - clock.now();
    const extend = left > TOO_LATE_MS
      ? () => this.#extend()
      : () => this.lose(new LeaseLost(`the lease of job ${this.job.id} ran out`));
    this.#stopTimer = clock.after(left > TOO_LATE_MS ? left / 2 : Math.max(0, left), extend);
  }

  async #extend(): Promise<void> {
    const { client, clock, lease } = this.#holding;
    const { id, attempt } = this.job;
    const at = clock.now();
    const within = Math.min(Math.ceil((this.#until - at) / 2), MOST_ASK_MS);
    try {
      const given = await client.EXTEND({ id, attempt, lease }, {
        within,
        signal: this.#over.signal,
      });
      this.#until = at + given.lease;
    } catch (error) {
      // While the outcome is being told, the refusal may mean that outcome.
      if (isTaken(error) && !this.#telling) this.lose(gone(this.job, error as Error));
    }
    if (this.lost === undefined) this.#keep();
  }

  /** It is no longer this worker's. */
  lose(error: Error): void {
    if (this.lost !== undefined) return;
    this.#end(error);
    this.handling.abort(error);
    this.#onLost();
  }

  #end(reason: Error): void {
    this.#stopTimer();
    this.#over.abort(reason);
  }

  /** Tells the server how it ended, until it answers or the lease is over. */
  async tell(ending: JobOutcome): Promise<SettleResult> {
    this.#telling = true;
    try {
      return await this.#insist(ending);
    } catch (error) {
      if (this.lost !== undefined) return { type: "lost", error: this.lost };
      if (isTaken(error)) return { type: "lost", error: gone(this.job, error as Error) };
      const failed = asError(error);
      if (ending.type === "failed") return { type: "lost", error: failed };
      // Such as a result that is longer than the server takes.
      const why = new JobFailure(`${ending.type} was refused: ${failed.message}`, { cause: error });
      return await this.tell({ type: "failed", error: why });
    } finally {
      this.#end(new LeaseLost(`job ${this.job.id} is settled`));
    }
  }

  async #insist(ending: JobOutcome): Promise<SettleResult> {
    const { client, random } = this.#holding;
    const options: CallOptions = { within: TELL_MS, signal: this.#over.signal };
    let maybe = false;
    for (let failures = 0;; failures++) {
      if (this.lost !== undefined) throw this.lost;
      try {
        return await this.#send(ending, options);
      } catch (error) {
        const failed = asError(error);
        maybe ||= executedOf(failed) === "maybe";
        if (this.lost !== undefined) throw this.lost;
        // It was heard the first time, and the answer was lost.
        if (isTaken(failed) && maybe) {
          return ending.type === "failed" ? { ...ending, state: undefined } : { type: ending.type };
        }
        if (client.closed || !mayPass(failed)) throw failed;
        await this.#pause(pauseAfter(failed, failures, CAP_MS, random));
      }
    }
  }

  async #send(ending: JobOutcome, options: CallOptions): Promise<SettleResult> {
    const { client } = this.#holding;
    const { id, attempt } = this.job;
    switch (ending.type) {
      case "done":
        await client.DONE({ id: [id], attempt, body: ending.body }, options);
        return { type: "done" };
      case "released":
        await client.RELEASE({ id, attempt, delay: ending.delay }, options);
        return { type: "released" };
      case "failed": {
        const { error } = ending;
        const { retry, dead } = error instanceof JobFailure ? error : NO_WISH;
        const reason = toReason(error);
        const failure = { id: [id], attempt, reason, retry, dead: dead || undefined };
        const { state } = await client.FAIL(failure, options);
        return { type: "failed", error, state };
      }
    }
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#over;
    return new Promise((resolve) => {
      const end = (): void => {
        stop();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const stop = this.#holding.clock.after(ms, end);
      signal.addEventListener("abort", end);
    });
  }
}

const NO_WISH = { retry: undefined, dead: false } as const;

/** Whether the server says that this worker does not hold the job. */
function isTaken(error: unknown): boolean {
  return error instanceof Refusal && (error.code === "not-taken" || error.code === "not-found");
}

function gone({ id }: TakenJob, cause: Error): LeaseLost {
  return new LeaseLost(`the lease of job ${id} is lost: ${cause.message}`, { cause });
}

function toReason({ message, name }: Error): string {
  return (message === "" ? name : message).toWellFormed().slice(0, MOST_REASON).toWellFormed();
}
