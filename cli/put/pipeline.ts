// Bodies in, answers out in the same order, a bounded number on their way.

import { ConnectionLost, ProtocolError } from "../../client/mod.ts";
import { asError } from "../../client/errors.ts";
import type { PutReply, Putter } from "./putter.ts";

/** What is on its way at most, in jobs and in bytes unless one job alone has more. */
const MOST_JOBS = 256, MOST_BYTES = 4 << 20;

/** What became of a body: the number of the body, from 1, and the answer or why there is none. */
export interface Outcome {
  readonly number: number;
  readonly result: PutReply | Error;
}

interface Unanswered {
  readonly number: number;
  readonly bytes: number;
  result: PutReply | Error | undefined;
}

/** How it ended. */
export interface Ending {
  /** Bodies that were read, and whether they are all. */
  readonly read: number;
  readonly isAll: boolean;
  /** The loss of the connection, behind which nothing more was sent. */
  readonly lost: Error | undefined;
}

/** Whether nothing more can be sent. */
export function isLoss(result: unknown): result is Error {
  return result instanceof ConnectionLost || result instanceof ProtocolError;
}

/**
 * Puts all bodies, an `Error` in place of one that cannot be one; hands on what became of them, in order. Reads no more
 * once the signal is aborted or the connection is lost with jobs on their way. Throws what `tell` and the bodies throw.
 */
export async function putAll(
  putter: Putter,
  bodies: AsyncIterator<Uint8Array | Error, void, void>,
  tell: (outcomes: readonly Outcome[]) => void,
  signal: AbortSignal,
): Promise<Ending> {
  const unanswered: Unanswered[] = [];
  let read = 0, bytes = 0;
  let isAll = false;
  let lost: Error | undefined;
  /** What the bodies, and what `tell` threw. */
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
    const told = unanswered.splice(0, first === -1 ? unanswered.length : first);
    for (const each of told) bytes -= each.bytes;
    try {
      if (told.length > 0 && thrown === undefined) tell(told as Outcome[]);
    } catch (error) {
      thrown = error;
    }
    changed();
  }

  function answer(each: Unanswered, result: PutReply | Error): void {
    each.result = result;
    if (isLoss(result)) lost ??= result;
    if (isDue) return;
    // All that came in one piece is told at a time.
    isDue = true;
    queueMicrotask(flush);
  }

  async function put(body: Uint8Array | Error): Promise<void> {
    const isBody = !(body instanceof Error);
    const isAlone = unanswered.length === 0;
    const each = { number: ++read, bytes: isBody ? body.length : 0, result: undefined };
    unanswered.push(each);
    bytes += each.bytes;
    try {
      if (!isBody) throw body;
      // What waited long for its line may find the connection closed; what is on its way stays on one.
      if (isAlone) await putter.connectAgain();
      answer(each, await putter.put(body));
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
      // A read cannot be given up; it is not waited for.
      let result: IteratorResult<Uint8Array | Error, void> | undefined;
      const reading = bodies.next().then((each) => result = each, (error) => broken = error);
      while (result === undefined && !isOver()) await Promise.race([reading, next()]);
      isAll = result?.done === true;
      if (result === undefined || result.done || isOver()) break;
      const isAlone = unanswered.length === 0;
      const putting = put(result.value);
      if (isAlone && !putter.connected) await putting;
    }
    while (unanswered.length > 0 && thrown === undefined) await next();
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
  const error = thrown ?? broken;
  if (error !== undefined) throw error;
  return { read, isAll, lost };
}
