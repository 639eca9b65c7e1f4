// Putting jobs into a queue over one connection, many at a time.

import {
  ConnectionLost,
  type Dial,
  openSession,
  ProtocolError,
  Refusal,
  type Session,
} from "../../client/mod.ts";
import { needProtocol } from "../../client/greeting.ts";
import { request } from "../../client/request.ts";
import { backoff, executedOf, hintOf, isPassing } from "../../client/retry.ts";
import { sleep } from "../../net/timer.ts";
import { readCalls } from "../../dialects/lineup1/calls.ts";
import { readReply, type Values, writeParts } from "../../dialects/lineup1/message.ts";
import { formatWord } from "../../protocol/quoting.ts";
import { formatValue } from "../../protocol/values.ts";
import type { CallSpans } from "../../admin/open_telemetry/mod.ts";
import { queueProtocol } from "../../queue/protocol/mod.ts";

const { verb, request: shape, reply } = readCalls(queueProtocol).get("PUT")!;
const NO_BODY = new Uint8Array(0);
/** The most times that a job is sent, and the bounds of the pauses between; the server may ask for longer ones. */
const MOST_TRIES = 4, BASE_MS = 50, CAP_MS = 2000;
/** How long a new connection is tried for after a server that shuts down, in ms, and how often for one job. */
const MOVE_MS = 30_000, MOST_MOVES = 8;

/** A job to put. */
export interface JobInput {
  readonly body: Uint8Array;
  /** Its name, if it has one of its own. */
  readonly id?: string;
}

/** The answer to PUT. */
export interface PutReply {
  readonly id: number;
  /** Whether the queue already had a job of this name. */
  readonly duplicate?: boolean;
}

/** A job that a server which shuts down did not take. */
interface DeferredJob {
  readonly serial: number;
  send(): void;
  fail(error: Error): void;
}

/** How to connect, and how long it may take. */
interface PutterOptions {
  readonly dial: Dial;
  /** The most ms for connecting, and for each answer. */
  readonly timeout?: number;
  readonly signal: AbortSignal;
  /** Makes a span of each PUT. */
  readonly spans?: CallSpans;
}

/** Puts jobs that differ only in their bodies and ids. */
export class Putter implements AsyncDisposable {
  readonly #open: () => Promise<Session>;
  readonly #text: string;
  readonly #timeout: number | undefined;
  readonly #signal: AbortSignal;
  readonly #spans: CallSpans | undefined;
  #session: Session;
  #serial = 0;
  /** Jobs that wait for the connection to the next server. */
  #held: DeferredJob[] = [];
  /** The loss of a connection with jobs that may be in the queue: nothing is sent after it. */
  #loss: Error | undefined = undefined;

  private constructor(
    open: () => Promise<Session>,
    session: Session,
    text: string,
    { timeout, signal, spans }: PutterOptions,
  ) {
    this.#open = open;
    this.#session = session;
    this.#text = text;
    this.#timeout = timeout;
    this.#signal = signal;
    this.#spans = spans;
  }

  /**
   * Connects. `values` are the checked queue and options of PUT. `timeout`, in ms, bounds connecting and each answer.
   * Rejects as `openSession` does, and with `ProtocolError` if the server is not a queue.
   */
  static async open(
    address: string,
    values: Values,
    options: PutterOptions,
  ): Promise<Putter> {
    const { dial, timeout, signal } = options;
    const { text } = writeParts(shape, { ...values, body: NO_BODY });
    const open = async (): Promise<Session> => {
      const session = await openSession(address, { timeout, signal, dial });
      try {
        needProtocol(session.greeting, queueProtocol);
        return session;
      } catch (error) {
        await session.close();
        throw error;
      }
    };
    return new Putter(open, await open(), text, options);
  }

  /** The longest body of the server, in bytes. */
  get maxBody(): number {
    return this.#session.greeting.maxBody;
  }

  /**
   * Puts a job; a busy server is tried again after a pause, and one that shuts down over a new connection, in the order of
   * the calls. Rejects with `Refusal`, `DeadlineExceeded`, `ProtocolError`, or `ConnectionLost`, whose `executed` says
   * whether the job may be in the queue.
   */
  async put(job: JobInput): Promise<PutReply> {
    const serial = ++this.#serial;
    const deadline = performance.now() + (this.#timeout ?? Infinity);
    const send = (): Promise<PutReply> => this.#putOnce(job, deadline - performance.now());
    let sent = this.#held.length > 0 ? this.#hold(serial, send) : send();
    for (let tries = 1, moves = 0;;) {
      try {
        return await sent;
      } catch (error) {
        if (isUnsent(error) && this.#loss === undefined && moves < MOST_MOVES) {
          moves++;
          sent = this.#hold(serial, send);
          continue;
        }
        const mayPass = error instanceof Refusal && error.code !== "expired" && isPassing(error) &&
          executedOf(error) === "no";
        if (!mayPass || tries === MOST_TRIES) throw error;
        const ms = hintOf(error) + backoff(tries, BASE_MS, CAP_MS, Math.random());
        if (performance.now() + ms >= deadline) throw error;
        await sleep(ms);
        tries++;
        sent = this.#held.length > 0 ? this.#hold(serial, send) : send();
      }
    }
  }

  /** Sends a job over the next connection, in its turn. */
  #hold(serial: number, send: () => Promise<PutReply>): Promise<PutReply> {
    return new Promise((resolve, fail) => {
      this.#held.push({ serial, send: () => resolve(send()), fail });
      if (this.#held.length === 1) void this.#move();
    });
  }

  /** Leaves the server once it has answered what it took, and sends the held jobs to the one that takes over. */
  async #move(): Promise<void> {
    await this.#session.close();
    // The jobs that the server did not take hear of it in this turn.
    await sleep(0);
    if (this.#loss === undefined) {
      await this.#openNext().then(
        (session) => this.#session = session,
        (error: Error) => this.#loss = error,
      );
    }
    const held = this.#held.sort((one, other) => one.serial - other.serial);
    this.#held = [];
    const cause = this.#loss;
    for (const job of held) {
      if (cause === undefined) job.send();
      else job.fail(new ConnectionLost(cause.message, "no", { cause }));
    }
  }

  async #openNext(): Promise<Session> {
    const end = performance.now() + Math.min(MOVE_MS, this.#timeout ?? Infinity);
    for (let failures = 0;; failures++) {
      try {
        return await this.#open();
      } catch (error) {
        const mayPass = error instanceof Refusal ? isPassing(error) : isUnsent(error);
        const ms = hintOf(error as Error) + backoff(failures + 1, BASE_MS, CAP_MS, Math.random());
        if (!mayPass || this.#signal.aborted || performance.now() + ms >= end) throw error;
        await sleep(ms);
      }
    }
  }

  async #putOnce(job: JobInput, left: number): Promise<PutReply> {
    const trace = this.#spans?.trace(verb);
    try {
      const reply = await this.#send(job, left, trace);
      this.#spans?.onReply({ trace, address: undefined, error: undefined });
      return reply;
    } catch (error) {
      this.#spans?.onReply({ trace, address: undefined, error: error as Error });
      throw error;
    }
  }

  async #send({ body, id }: JobInput, left: number, trace?: string): Promise<PutReply> {
    const ms = left === Infinity ? undefined : Math.max(1, Math.ceil(left));
    const named = id === undefined ? this.#text : `${this.#text} id=${formatWord(id)}`;
    const timed = ms === undefined
      ? named
      : `${named} within=${formatValue(ms, { type: "duration" })}`;
    const text = trace === undefined ? timed : `${timed} trace=${trace}`;
    const message = `No answer within ${this.#timeout} ms.`;
    const deadline = ms === undefined ? undefined : { ms, message };
    const frame = await request(this.#session, { head: verb, text, body }, { deadline })
      .catch((error) => {
        if (error instanceof ConnectionLost && error.executed !== "no") this.#loss ??= error;
        throw error;
      });
    try {
      return readReply(reply, frame) as unknown as PutReply;
    } catch (error) {
      const why = (error as Error).message;
      throw new ProtocolError(`the answer to PUT breaks the protocol: ${why}`);
    }
  }

  /** Closes the connection without waiting for answers. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#session.load > 0) this.#session.cut();
    await this.#session.close();
  }
}

/** Whether a job was refused or not even written because the server shuts down, or its connection had ended before. */
function isUnsent(error: unknown): boolean {
  if (error instanceof ConnectionLost) return error.executed === "no";
  return error instanceof Refusal && error.code === "draining" && executedOf(error) === "no";
}
