// One connection as a client sees it: requests go out with tags, answers find their way back by them.

import { Output } from "../net/output.ts";
import type { ByteStream } from "../net/stream.ts";
import { Refusal } from "../protocol/errors.ts";
import type { Frame } from "../protocol/frame.ts";
import type { ReplyReader } from "../protocol/reply_reader.ts";
import { type Clock, systemClock } from "./clock.ts";
import { asError, ConnectionLost, ProtocolError, toRefusal } from "./errors.ts";
import type { Greeting } from "./greeting.ts";
import { type Heartbeat, heartbeat } from "./heartbeat.ts";
import { InFlight } from "./in_flight.ts";
import { Waiting } from "./waiting.ts";

const CLOSE_MS = 10_000;
const LINGER_MS = 1000;
const BATCH = 64;
const HEARTBEAT_MS = 60_000;

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
  /** An item came. Answers false where no more should be read for now, until `resume`. */
  item(frame: Frame): boolean;
  /** The `OK` line came. */
  final(frame: Frame): void;
  /** An `ERR` line came, or nothing can come any more. */
  failed(error: Error): void;
}

/** How much a session holds, and its time. */
export interface SessionLimits {
  /** Requests in flight; more wait here, in order. Default 256, as many as a server takes by default. */
  maxInFlight?: number;
  /** Requests that wait to be sent, and at most 64 MiB of them; more are refused with `Throttled`. Default 10000. */
  maxWaiting?: number;
  /**
   * For how many milliseconds nothing may come while an answer is owed, before the server is asked for a sign of life
   * (PING). Where nothing comes for as long again the connection is cut. `Infinity` for never. Default 60000.
   */
  heartbeat?: number;
  /** The time. Default: that of the machine. */
  clock?: Clock;
}

const NOBODY: Exchange = { item: () => true, final() {}, failed() {} };

interface Actions {
  cancel(sent: Sent): void;
  stop(sent: Sent): boolean;
  forget(sent: Sent): void;
  resume(sent: Sent): void;
}

/** A request that was handed to a session. */
export class Sent implements Outgoing {
  /** For the session: empty until the request is written. */
  tag = "";
  /** For the queue in which it waits to be written. */
  waits = 0;
  /** For the session: nobody waits for its answer any more. */
  forgotten = false;
  /** Who waits for its answer. */
  readonly exchange: Exchange;
  readonly #outgoing: Outgoing;
  readonly #actions: Actions;

  /** For the session. */
  constructor(outgoing: Outgoing, exchange: Exchange, actions: Actions) {
    this.#outgoing = outgoing;
    this.exchange = exchange;
    this.#actions = actions;
  }

  /** The verb. */
  get head(): string {
    return this.#outgoing.head;
  }

  /** The rest of its line. */
  get text(): string {
    return this.#outgoing.text;
  }

  /** Its body. */
  get body(): Uint8Array | undefined {
    return this.#outgoing.body;
  }

  /** Asks the server to stop it and forgets its answer. */
  cancel(): void {
    this.#actions.cancel(this);
  }

  /** Asks the server to stop it, and goes on reading its answer. False where nothing can come any more. */
  stop(): boolean {
    return this.#actions.stop(this);
  }

  /** Forgets its answer without a word to the server, which knows its deadline. */
  forget(): void {
    this.#actions.forget(this);
  }

  /** Goes on reading after an item was answered with false. */
  resume(): void {
    this.#actions.resume(this);
  }
}

/**
 * A connection to a server: lines out, lines in, whatever they mean. Get one from `openSession`; `connect` puts calls,
 * several connections and retries on top of it.
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
  readonly #reader: ReplyReader;
  readonly #output: Output;
  readonly #maxInFlight: number;
  readonly #clock: Clock;
  readonly #actions: Actions;
  readonly #heartbeat: Heartbeat;
  #inFlight = new InFlight();
  readonly #waiting: Waiting<Sent>;
  #stalled = false;
  #added = 0;
  /** Those in flight whose items nobody takes. */
  readonly #blocked = new Set<Sent>();
  #wake: (() => void) | undefined = undefined;
  #end: Error | undefined = undefined;
  #closing = false;
  #onIdle: (() => void)[] = [];

  /** For `openSession`, which has read the greeting. */
  constructor(
    stream: ByteStream,
    reader: ReplyReader,
    buffer: Uint8Array,
    greeting: Greeting,
    {
      maxInFlight = 256,
      maxWaiting = 10_000,
      heartbeat: beat = HEARTBEAT_MS,
      clock = systemClock,
    }: SessionLimits,
  ) {
    this.#stream = stream;
    this.#reader = reader;
    this.greeting = greeting;
    this.#maxInFlight = maxInFlight;
    this.#waiting = new Waiting(maxWaiting);
    this.#clock = clock;
    this.#actions = {
      cancel: (sent) => this.#cancel(sent),
      stop: (sent) => this.#stop(sent),
      forget: (sent) => this.#forget(sent),
      resume: (sent) => {
        if (this.#blocked.delete(sent)) this.#wake?.();
      },
    };
    this.#heartbeat = heartbeat(clock, beat, {
      owed: () => this.#inFlight.size > 0,
      // Where nobody takes items nothing is, and nothing can be heard.
      reads: () => this.#wake === undefined,
      ask: () => this.#tell("PING", ""),
      lost: () => {
        const told = `the server said nothing for ${2 * beat} ms, not even to PING`;
        this.#fail(new ConnectionLost(told, "maybe"));
      },
    });
    this.#output = new Output(stream, (error) => this.#fail(error));
    this.closed = this.#read(buffer);
  }

  /** Whether requests can still be sent. */
  get open(): boolean {
    return this.#end === undefined && !this.#closing;
  }

  /** Requests that wait or are in flight. */
  get load(): number {
    return this.#inFlight.size + this.#waiting.size;
  }

  /** What ended the connection; `undefined` while it lasts. */
  get error(): Error | undefined {
    return this.#end;
  }

  /**
   * Sends a request, with the next turn's write, or once fewer than `maxInFlight` are in flight and the server reads.
   * Throws `ConnectionLost` after the end, `Throttled` where too many wait, `Refusal` for what the server would not
   * take.
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
    const sent = new Sent(outgoing, exchange, this.#actions);
    if (this.#waiting.size === 0 && this.#hasRoom()) this.#write(sent);
    else {
      this.#waiting.add(sent);
      this.#pump();
    }
    return sent;
  }

  #hasRoom(): boolean {
    return this.#inFlight.size < this.#maxInFlight && !this.#output.full;
  }

  /** Writes what waits, as far as there is room. */
  #pump(): void {
    while (this.#waiting.size > 0 && this.#hasRoom()) this.#write(this.#waiting.shift()!);
    if (this.#waiting.size === 0 || this.#stalled || !this.#output.full) return;
    this.#stalled = true;
    this.#output.drained().then(() => {
      this.#stalled = false;
      this.#pump();
    });
  }

  #write(sent: Sent): void {
    const { head, text, body } = sent;
    this.#inFlight.add(sent);
    // Whoever waits for an answer now needs the connection to be read.
    this.#wake?.();
    this.#heartbeat.start();
    const { tag } = sent;
    if (body === undefined) this.#output.add(`#${tag} ${head}${text}\n`);
    else {
      this.#output.add(`#${tag} ${head}${text} {${body.length}}\n`, body);
      this.#output.add("\n");
    }
    // One write a turn, but where a turn makes many requests the server may begin with the first.
    if (++this.#added % BATCH === 0) this.#output.flush();
    else this.#output.schedule();
  }

  #cancel(sent: Sent): void {
    if (this.#forget(sent)) this.#tell("CANCEL", ` ${sent.tag}`);
  }

  #stop(sent: Sent): boolean {
    if (this.#inFlight.get(sent.tag) !== sent) return false;
    this.#tell("CANCEL", ` ${sent.tag}`);
    return true;
  }

  /** Sends what nobody waits for. */
  #tell(head: string, text: string): void {
    const sent = new Sent({ head, text }, NOBODY, this.#actions);
    sent.forgotten = true;
    this.#write(sent);
  }

  /** Whether the server still has it. */
  #forget(sent: Sent): boolean {
    if (this.#waiting.delete(sent) || this.#inFlight.get(sent.tag) !== sent) return false;
    // The tag stays taken until the server has answered, or its answer would be read as another's.
    sent.forgotten = true;
    this.#blocked.delete(sent);
    this.#wake?.();
    return true;
  }

  async #read(buffer: Uint8Array): Promise<void> {
    const reader = this.#reader;
    try {
      for (;;) {
        for (let frame; (frame = reader.next()) !== undefined;) {
          this.#frame(frame);
          // Nobody needs what comes next.
          while (this.#blocked.size > 0 && this.#blocked.size === this.#inFlight.size) {
            await new Promise<void>((resolve) => this.#wake = resolve);
            this.#wake = undefined;
          }
        }
        const read = await this.#stream.read(buffer);
        if (read === null) break;
        this.#heartbeat.heard();
        reader.push(buffer.subarray(0, read));
      }
      this.#fail(new ConnectionLost("the server closed the connection", "maybe"));
    } catch (error) {
      this.#fail(error instanceof SyntaxError ? new ProtocolError(error.message) : error);
    }
    await this.#output.finish();
  }

  #frame(frame: Frame): void {
    const { tag, head } = frame;
    if (head === "!") return;
    if (tag === undefined) {
      // Every request has a tag, so this is about the connection: it is refused or shut down.
      if (head !== "ERR") throw new ProtocolError(`an answer without a tag: ${head}`);
      const cause = toRefusal(frame);
      throw new ConnectionLost(`the server ended the connection: ${cause.message}`, "maybe", {
        cause,
      });
    }
    const sent = this.#inFlight.get(tag);
    if (sent === undefined) {
      throw new ProtocolError(`an answer to a request that was not made: #${tag}`);
    }
    if (head === "*") {
      if (!sent.forgotten && !sent.exchange.item(frame)) this.#blocked.add(sent);
      return;
    }
    this.#inFlight.delete(sent);
    if (this.#blocked.size > 0) this.#blocked.delete(sent);
    if (this.#waiting.size > 0) this.#pump();
    if (!sent.forgotten) {
      if (head === "OK") sent.exchange.final(frame);
      else sent.exchange.failed(toRefusal(frame));
    }
    if (this.#inFlight.size === 0) this.#idle();
  }

  #idle(): void {
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #fail(error: unknown): void {
    if (this.#end !== undefined) return;
    const end = this.#end = asError(error);
    this.#stream.close();
    this.#heartbeat.stop();
    const lost = this.#inFlight.all();
    this.#inFlight = new InFlight();
    this.#blocked.clear();
    // Whatever the streams of a runtime throw, to a caller it is one thing.
    const known = end instanceof ConnectionLost || end instanceof ProtocolError;
    const maybe = known
      ? end
      : new ConnectionLost(`the connection was lost: ${end.message}`, "maybe", {
        cause: end,
      });
    for (const { forgotten, exchange } of lost) if (!forgotten) exchange.failed(maybe);
    const no = new ConnectionLost(`the connection was lost: ${end.message}`, "no", { cause: end });
    for (let sent; (sent = this.#waiting.shift()) !== undefined;) sent.exchange.failed(no);
    this.#wake?.();
    this.#idle();
  }

  /** Ends the connection at once: what is in flight fails with `ConnectionLost`. */
  cut(): void {
    this.#fail(new ConnectionLost("it was closed here", "maybe"));
  }

  /**
   * Lets what is in flight be answered, then closes; cuts after `within` milliseconds (default 10000). May be called
   * again.
   */
  async close(within: number = CLOSE_MS): Promise<void> {
    this.#closing = true;
    const stop = this.#clock.after(within, () => this.cut());
    while (this.load > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    if (this.#end === undefined) {
      await this.#output.finish();
      // Closing at once could reset the connection under what the server still writes.
      const cut = this.#clock.after(LINGER_MS, () => this.cut());
      await this.#stream.closeWrite().catch(() => {});
      await this.closed;
      cut();
    }
    await this.closed;
    stop();
  }

  /** `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function checkLine(line: string, max: number): void {
  const { length } = new TextEncoder().encode(line);
  if (length > max) {
    throw new Refusal("line-too-long", `The line has ${length} bytes; the server takes ${max}.`);
  }
}
