// Putting jobs into a queue over one connection, many at a time.

import { type Dial, openSession, ProtocolError, Refusal, type Session } from "../../client/mod.ts";
import { needProtocol } from "../../client/greeting.ts";
import { request } from "../../client/request.ts";
import { backoff, executedOf, hintOf, isPassing } from "../../client/retry.ts";
import { sleep } from "../../net/timer.ts";
import { readCalls } from "../../dialects/lineup1/calls.ts";
import { readReply, type Values, writeParts } from "../../dialects/lineup1/message.ts";
import { formatWord } from "../../protocol/quoting.ts";
import { formatValue } from "../../protocol/values.ts";
import { queueProtocol } from "../../queue/protocol/mod.ts";

const { verb, request: shape, reply } = readCalls(queueProtocol).get("PUT")!;
const NO_BODY = new Uint8Array(0);
/** The most times that a job is sent, and the bounds of the pauses between; the server may ask for longer ones. */
const MOST_TRIES = 4, BASE_MS = 50, CAP_MS = 2000;

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

/** Puts jobs that differ only in their bodies and ids. */
export class Putter implements AsyncDisposable {
  readonly #open: () => Promise<Session>;
  readonly #text: string;
  readonly #timeout: number | undefined;
  #session: Session;

  private constructor(
    open: () => Promise<Session>,
    session: Session,
    text: string,
    timeout: number | undefined,
  ) {
    this.#open = open;
    this.#session = session;
    this.#text = text;
    this.#timeout = timeout;
  }

  /**
   * Connects. `values` are the checked queue and options of PUT. `timeout`, in ms, bounds connecting and each answer.
   * Rejects as `openSession` does, and with `ProtocolError` if the server is not a queue.
   */
  static async open(
    address: string,
    values: Values,
    { dial, timeout, signal }: { dial: Dial; timeout?: number; signal: AbortSignal },
  ): Promise<Putter> {
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
    return new Putter(open, await open(), text, timeout);
  }

  /** The longest body of the server, in bytes. */
  get maxBody(): number {
    return this.#session.greeting.maxBody;
  }

  /** Whether there is a connection. */
  get connected(): boolean {
    return this.#session.open;
  }

  /**
   * Connects again if the connection has ended, such as after an hour without a job. No job may be in flight.
   */
  async connectAgain(): Promise<void> {
    if (!this.connected) this.#session = await this.#open();
  }

  /**
   * Puts a job; a busy server is tried again after a pause. Rejects with `Refusal`, `DeadlineExceeded`, `ProtocolError`, or
   * `ConnectionLost`, whose `executed` says whether the job may be in the queue.
   */
  async put(job: JobInput): Promise<PutReply> {
    const deadline = performance.now() + (this.#timeout ?? Infinity);
    for (let tries = 1;; tries++) {
      try {
        return await this.#putOnce(job, deadline - performance.now());
      } catch (error) {
        const mayPass = error instanceof Refusal && error.code !== "expired" && isPassing(error) &&
          executedOf(error) === "no";
        if (!mayPass || tries === MOST_TRIES) throw error;
        const ms = hintOf(error) + backoff(tries, BASE_MS, CAP_MS, Math.random());
        if (performance.now() + ms >= deadline) throw error;
        await sleep(ms);
      }
    }
  }

  async #putOnce({ body, id }: JobInput, left: number): Promise<PutReply> {
    const ms = left === Infinity ? undefined : Math.max(1, Math.ceil(left));
    const named = id === undefined ? this.#text : `${this.#text} id=${formatWord(id)}`;
    const text = ms === undefined
      ? named
      : `${named} within=${formatValue(ms, { type: "duration" })}`;
    const message = `No answer within ${this.#timeout} ms.`;
    const deadline = ms === undefined ? undefined : { ms, message };
    const frame = await request(this.#session, { head: verb, text, body }, { deadline });
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
