// Putting many jobs at a time: a bounded number is in flight, and the outcomes come in the order of the bodies.

import { ConnectionLost, ProtocolError } from "../../client/mod.ts";
import { asError } from "../../client/errors.ts";
import type { JobInput, PutReply, Putter } from "./putter.ts";

/** The most jobs and bytes in flight; a single job may have more bytes. */
const MOST_JOBS = 256, MOST_BYTES = 4 << 20;

/** The outcome of a job: its number in the input, and the answer or the error. */
export interface PutOutcome {
  readonly number: number;
  readonly result: PutReply | Error;
}

/** A job in flight. */
interface JobInFlight {
  readonly number: number;
  readonly bytes: number;
  result: PutReply | Error | undefined;
}

/** The summary of all jobs. */
export interface PutSummary {
  /** The number of jobs that were read. */
  readonly read: number;
  /** Whether all jobs were read. */
  readonly isAll: boolean;
  /** The loss of the connection, if it was lost. */
  readonly lost: Error | undefined;
}

/** Whether a result is the loss of the connection. */
export function isLoss(result: unknown): result is Error {
  return result instanceof ConnectionLost || result instanceof ProtocolError;
}

/**
 * Puts all jobs, the first of which has the number `first`; an `Error` among them fails as it is. `tell` gets the outcomes
 * in order. Reads no more jobs once the signal is aborted or the connection is lost. Rejects with what `tell` or the jobs
 * throw.
 */
export async function putAll(
  putter: Putter,
  jobs: AsyncIterator<JobInput | Error, void, void>,
  tell: (outcomes: readonly PutOutcome[]) => void,
  signal: AbortSignal,
  first = 1,
): Promise<PutSummary> {
  const unanswered: JobInFlight[] = [];
  let read = 0, bytes = 0;
  let isAll = false;
  let lost: Error | undefined;
  /** The errors of the jobs and of `tell`. */
  let broken: unknown, thrown: unknown;
  let changed = (): void => {};
  const next = (): Promise<void> => new Promise((resolve) => changed = resolve);
  const isOver = (): boolean =>
    [lost, broken, thrown].some((error) => error !== undefined) || signal.aborted;
  const isFull = (): boolean => unanswered.length >= MOST_JOBS || bytes > MOST_BYTES;

  let isDue = false;
  function flush(): void {
    isDue = false;
    const first = unanswered.findIndex(({ result }) => result === undefined);
    const answered = unanswered.splice(0, first === -1 ? unanswered.length : first);
    for (const each of answered) bytes -= each.bytes;
    try {
      if (answered.length > 0 && thrown === undefined) tell(answered as PutOutcome[]);
    } catch (error) {
      thrown = error;
    }
    changed();
  }

  function answer(each: JobInFlight, result: PutReply | Error): void {
    each.result = result;
    if (isLoss(result)) lost ??= result;
    if (isDue) return;
    // `tell` gets the answers of one read together.
    isDue = true;
    queueMicrotask(flush);
  }

  async function put(job: JobInput | Error): Promise<void> {
    const isJob = !(job instanceof Error);
    const number = first + read++;
    const each = { number, bytes: isJob ? job.body.length : 0, result: undefined };
    unanswered.push(each);
    bytes += each.bytes;
    try {
      if (!isJob) throw job;
      answer(each, await putter.put(job));
    } catch (error) {
      answer(each, asError(error));
    }
  }

  const onAbort = (): void => changed();
  signal.addEventListener("abort", onAbort);
  try {
    while (!isOver()) {
      if (isFull()) {
        await next();
        continue;
      }
      // A read cannot be cancelled, so its end is not awaited.
      let result: IteratorResult<JobInput | Error, void> | undefined;
      const reading = jobs.next().then((each) => result = each, (error) => broken = error);
      while (result === undefined && !isOver()) await Promise.race([reading, next()]);
      isAll = result?.done === true;
      if (result === undefined || result.done || isOver()) break;
      void put(result.value);
    }
    while (unanswered.length > 0 && thrown === undefined) await next();
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
  const error = thrown ?? broken;
  if (error !== undefined) throw error;
  return { read, isAll, lost };
}
