// One connection as a client sees it: requests go out with tags, answers find their way back by them.

import { Refusal } from "../protocol/errors.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Framer } from "../protocol/framer.ts";
import { Output } from "../net/output.ts";
import type { ByteStream } from "../net/stream.ts";
import { asError, ConnectionLost, ProtocolError, toRefusal } from "./errors.ts";
import type { Greeting } from "./greeting.ts";

const READ_SIZE = 65_536;
const CLOSE_MS = 1000;

/** A request in words: `head` is the verb, `text` the rest of the line as `writeParts` makes it. */
export interface Outgoing {
  /** The verb. */
  readonly head: string;
  /** Words and options, quoted, each with a space before it. */
  readonly text: string;
  /** The counted body. */
  readonly body?: Uint8Array | undefined;
}

/** Who waits for an answer. Exactly one of `final` and `failed` is called, once. */
export interface Exchange {
  /** An item came. Answers false to stop the reading of this connection until `resume`. */
  item(frame: Frame): boolean;
  /** The `OK` line came. */
  final(frame: Frame): void;
  /** An `ERR` line came, or nothing can come any more. */
  failed(error: Error): void;
}

interface Pending {
  readonly outgoing: Outgoing;
  readonly exchange: Exchange;
  tag: string | undefined;
}

/** A request that was sent. */
export interface Sent {
  /** Asks the server to stop it and forgets its answer. */
  cancel(): void;
  /** Goes on reading after an item was answered with false. */
  resume(): void;
}

/**
 * A connection to a server: lines out, lines in, whatever they mean. Get one from `openSession`; `connect` puts calls
 * on top of it.
 *
 * @example
 * ```ts
 * import { openSession } from "@lineup/lineup/client";
 * import { serve } from "@lineup/lineup/server";
 * import { assertEquals } from "@std/assert";
 *
 * const bare = { name: "bare", version: "1.0", summary: "Nothing of its own.", commands: {} } as const;
 * await using server = await serve(bare, {}, { port: 0 });
 * await using session = await openSession(server.address);
 *
 * const words = await new Promise((resolve, reject) => {
 *   session.send({ head: "PING", text: " hello" }, {
 *     item: () => true,
 *     final: (frame) => resolve(frame.words),
 *     failed: reject,
 *   });
 * });
 * assertEquals(words, ["hello"]);
 * ```
 */
export class Session implements AsyncDisposable {
  /** What the server said of itself. */
  readonly greeting: Greeting;
  /** Resolves once the connection has ended, whatever led to it. */
  readonly closed: Promise<void>;

  readonly #stream: ByteStream;
  readonly #framer: Framer;
  readonly #output: Output;
  readonly #maxInFlight: number;
  readonly #inFlight = new Map<string, Pending | undefined>();
  readonly #waiting = new Set<Pending>();
  #nextTag = 0;
  #end: Error | undefined = undefined;
  #closing = false;
  #paused: PromiseWithResolvers<void> | undefined = undefined;
  #onIdle: (() => void)[] = [];

  /** For `openSession`, which has read the greeting. */
  constructor(
    stream: ByteStream,
    framer: Framer,
    greeting: Greeting,
    options: { maxInFlight?: number },
    rest: Uint8Array,
  ) {
    this.#stream = stream;
    this.#framer = framer;
    this.greeting = greeting;
    this.#maxInFlight = options.maxInFlight ?? 256;
    this.#output = new Output(stream, (error) => this.#fail(error));
    this.closed = this.#read(rest);
  }

  /** Whether requests can still be sent. */
  get open(): boolean {
    return this.#end === undefined && !this.#closing;
  }

  /**
   * Sends a request, with the next turn's write, or once fewer than `maxInFlight` are in flight. Throws
   * `ConnectionLost` after the end, `Refusal` for what the server would not take.
   */
  send(outgoing: Outgoing, exchange: Exchange): Sent {
    if (!this.open) {
      const why = this.#end === undefined ? "" : `: ${this.#end.message}`;
      throw new ConnectionLost(`the connection is closed${why}`, "no", { cause: this.#end });
    }
    const { maxLine, maxBody } = this.greeting;
    const { head, text, body } = outgoing;
    // A tag takes up to 12 characters, a length as many; a character takes up to 3 bytes.
    if (text.length * 3 + head.length + 24 > maxLine) checkLine(head + text, maxLine - 24);
    if (body !== undefined && body.length > maxBody) {
      throw new Refusal("body-too-large", `The server takes at most ${maxBody} bytes of body.`);
    }
    const pending: Pending = { outgoing, exchange, tag: undefined };
    if (this.#inFlight.size < this.#maxInFlight) this.#write(pending);
    else this.#waiting.add(pending);
    return { cancel: () => this.#cancel(pending), resume: () => this.#resume() };
  }

  #write(pending: Pending): void {
    const { head, text, body } = pending.outgoing;
    const tag = (++this.#nextTag).toString(36);
    pending.tag = tag;
    this.#inFlight.set(tag, pending);
    if (body === undefined) this.#output.add(`#${tag} ${head}${text}\n`);
    else {
      this.#output.add(`#${tag} ${head}${text} {${body.length}}\n`, body);
      this.#output.add("\n");
    }
    this.#output.schedule();
  }

  #cancel(pending: Pending): void {
    if (this.#waiting.delete(pending) || this.#end !== undefined) return;
    const { tag } = pending;
    if (tag === undefined || this.#inFlight.get(tag) !== pending) return;
    // The tag stays taken until the server has answered, or its answer would be read as another's.
    this.#inFlight.set(tag, undefined);
    const own = (++this.#nextTag).toString(36);
    this.#inFlight.set(own, undefined);
    this.#output.add(`#${own} CANCEL ${tag}\n`);
    this.#output.schedule();
    this.#resume();
  }

  #resume(): void {
    this.#paused?.resolve();
    this.#paused = undefined;
  }

  async #read(rest: Uint8Array): Promise<void> {
    try {
      const buffer = new Uint8Array(READ_SIZE);
      let bytes = rest;
      for (;;) {
        this.#framer.push(bytes);
        for (let framed; (framed = this.#framer.next()) !== undefined;) {
          if (framed.kind !== "frame") {
            const why = framed.kind === "malformed" ? framed.message : "telnet commands in replies";
            throw new ProtocolError(why);
          }
          this.#frame(framed);
          if (this.#paused !== undefined) await this.#paused.promise;
        }
        const read = await this.#stream.read(buffer);
        if (read === null) break;
        bytes = buffer.subarray(0, read);
      }
      this.#fail(new ConnectionLost("the server closed the connection", "maybe"));
    } catch (error) {
      this.#fail(error);
    }
    await this.#output.finish();
  }

  #frame(frame: Frame): void {
    if (frame.head === "!") return;
    const { tag } = frame;
    if (tag === undefined) {
      // Every request has a tag, so this is about the connection: it is refused or shut down.
      if (frame.head === "ERR") throw toRefusal(frame);
      throw new ProtocolError(`an answer without a tag: ${frame.head}`);
    }
    const pending = this.#inFlight.get(tag);
    if (pending === undefined && !this.#inFlight.has(tag)) {
      throw new ProtocolError(`an answer to a request that was not made: #${tag}`);
    }
    if (frame.head === "*") {
      if (pending?.exchange.item(frame) === false) this.#paused ??= Promise.withResolvers();
      return;
    }
    this.#inFlight.delete(tag);
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      this.#write(next);
    }
    if (frame.head === "OK") pending?.exchange.final(frame);
    else pending?.exchange.failed(toRefusal(frame));
    if (this.#inFlight.size === 0) this.#idle();
  }

  #idle(): void {
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #fail(error: unknown): void {
    if (this.#end !== undefined) return;
    const end = asError(error);
    this.#end = end;
    this.#stream.close();
    const lost = [...this.#inFlight.values()];
    const unsent = [...this.#waiting];
    this.#inFlight.clear();
    this.#waiting.clear();
    for (const pending of lost) pending?.exchange.failed(end);
    for (const { exchange } of unsent) {
      exchange.failed(new ConnectionLost("the connection was lost", "no", { cause: end }));
    }
    this.#resume();
    this.#idle();
  }

  /** Lets what is in flight be answered, then closes. May be called again. */
  async close(): Promise<void> {
    this.#closing = true;
    while (this.#inFlight.size > 0) {
      await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    }
    if (this.#end === undefined) {
      await this.#output.finish();
      // Closing at once could reset the connection under what the server still writes.
      const timer = setTimeout(() => this.#fail(CLOSED), CLOSE_MS);
      await this.#stream.closeWrite().catch(() => {});
      await this.closed;
      clearTimeout(timer);
    }
    await this.closed;
  }

  /** `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const CLOSED = new ConnectionLost("it was closed here", "maybe");

function checkLine(line: string, max: number): void {
  const { length } = new TextEncoder().encode(line);
  if (length > max) {
    throw new Refusal("line-too-long", `The line has ${length} bytes; the server takes ${max}.`);
  }
}
