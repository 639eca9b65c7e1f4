// One connection as a client sees it: requests go out with tags, answers find their way back by them.

import { Condition } from "../net/condition.ts";
import { Output } from "../net/output.ts";
import type { ByteStream } from "../net/stream.ts";
import { Refusal } from "../protocol/errors.ts";
import type { Frame } from "../dialects/lineup1/frame.ts";
import { encodeText } from "../protocol/strings.ts";
import { systemClock } from "../net/clock.ts";
import type { Clock } from "../scheduling/clock.ts";
import { ConnectionLost, isKnown, notLineup, toRefusal } from "./errors.ts";
import type { Greeting } from "./greeting.ts";
import { heartbeat, heartbeatOption, LONGEST_BEAT, signsOfLife } from "./heartbeat.ts";
import { InFlight } from "./in_flight.ts";
import type { ReplyStream } from "./reply_stream.ts";
import { Waiting } from "./waiting.ts";

const CLOSE_MS = 10_000;
const LINGER_MS = 1000;
const BATCH = 64;
/** A connection that lasts so long introduces itself, in ms. */
const LASTING_MS = 1000;
const HEARTBEAT_MS = 60_000;
/** What a server may send that nobody waits for: events, the rest of what was cancelled, empty lines. */
const MOST_UNASKED = 1 << 25;

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
   * (PING). Where nothing comes for as long again the connection is cut. The server is told, by HELLO, so that it gives
   * the client up where it vanishes, and gets a sign of life where nothing else is sent. `Infinity` for never. Default
   * 60000.
   */
  heartbeat?: number;
  /** The time. Default: that of the machine. */
  clock?: Clock;
}

/** A request that was handed to a session. */
export interface Sent {
  /** Its tag; empty until it is written. */
  readonly tag: string;
  /** Asks the server to stop it and forgets its answer. */
  cancel(): void;
  /** Asks the server to stop it, and goes on reading its answer. False where nothing can come any more. */
  stop(): boolean;
  /** Forgets its answer without a word to the server, which knows its deadline. False where nothing can come any more. */
  forget(): boolean;
  /** Goes on reading after an item was answered with false. */
  resume(): void;
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
export interface Session extends AsyncDisposable {
  /** What the server said of itself. */
  readonly greeting: Greeting;
  /** Resolves once the connection has ended, whatever led to it. */
  readonly closed: Promise<void>;
  /** Whether requests can still be sent. */
  readonly open: boolean;
  /** Requests that wait or are in flight. */
  readonly load: number;
  /** What ended the connection; `undefined` while it lasts. */
  readonly error: Error | undefined;
  /**
   * Sends a request, with the next turn's write, or once fewer than `maxInFlight` are in flight and the server reads.
   * Throws `ConnectionLost` after the end, `Throttled` where too many wait, `Refusal` for what the server would not
   * take.
   */
  send(outgoing: Outgoing, exchange: Exchange): Sent;
  /**
   * Tells the server, once, that the client is gone where its side ends, and what its heartbeat is; by itself where the
   * connection lasts for more than a second. A server of an earlier version refuses that, which changes nothing.
   */
  introduce(): void;
  /** Ends the connection at once: what is in flight fails with `ConnectionLost`. */
  cut(): void;
  /**
   * Lets what is in flight be answered, then closes; cuts after `within` milliseconds (default 10000). May be called
   * again.
   */
  close(within?: number): Promise<void>;
}

/** A session over a stream whose greeting was read. */
export function createSession(
  stream: ByteStream,
  replies: ReplyStream,
  greeting: Greeting,
  {
    maxInFlight = 256,
    maxWaiting = 10_000,
    heartbeat: beat = HEARTBEAT_MS,
    clock = systemClock,
  }: SessionLimits,
): Session {
  class Request implements Sent {
    tag = "";
    /** The tag as a number; 0 until it is written. */
    key = 0;
    /** Nobody waits for its answer any more. */
    forgotten = false;

    declare readonly outgoing: Outgoing;
    declare readonly waiter: Exchange | undefined;

    constructor(outgoing: Outgoing, waiter?: Exchange) {
      this.outgoing = outgoing;
      this.waiter = waiter;
    }

    cancel(): void {
      if (this.forget()) tell(`CANCEL ${this.tag}`);
    }

    stop(): boolean {
      const isInFlight = inFlight.get(this.key) === this;
      if (isInFlight) tell(`CANCEL ${this.tag}`);
      return isInFlight;
    }

    forget(): boolean {
      if (waiting.delete(this) || inFlight.get(this.key) !== this) return false;
      // The tag stays taken until the server has answered, or its answer would be read as another's.
      this.forgotten = true;
      this.resume();
      return true;
    }

    resume(): void {
      if (blocked.delete(this)) unblocked.broadcast();
    }
  }

  let inFlight = new InFlight<Request>();
  const waiting = new Waiting<Request>(maxWaiting);
  /** Those in flight whose items nobody takes. */
  const blocked = new Set<Request>();
  /** The reader waits here while all that are in flight are blocked. */
  const unblocked = new Condition();
  const idle = new Condition();
  let stalled = false;
  let lastKey = 0;
  /** Bytes that came since the last line that somebody waited for. */
  let unasked = 0;
  let end: Error | undefined;
  /** What becomes of requests that were not written by then. */
  let unsent: ConnectionLost | undefined;
  let closing = false;
  const output = new Output(stream, fail);

  const pulse = heartbeat(clock, beat, {
    owed: () => inFlight.size > 0,
    // Where nobody takes items nothing is, and nothing can be heard.
    reads: () => !unblocked.awaited,
    ask: () => tell("PING"),
    lost() {
      const told = `the server said nothing for ${2 * beat} ms`;
      fail(new ConnectionLost(told, "maybe"));
    },
  });

  const life = signsOfLife(clock, beat, () => {
    // An answer would have to be read, and the items before it, which nobody takes. An empty line has none.
    if (!unblocked.awaited) tell("PING");
    else {
      output.add("\n");
      output.schedule();
    }
  });
  let isIntroduced = false;
  let stopIntroducing = clock.after(beat === Infinity ? Infinity : LASTING_MS, introduceLater);

  function introduceLater(): void {
    // Its answer would have to be read as well.
    if (unblocked.awaited) stopIntroducing = clock.after(LASTING_MS, introduceLater);
    else introduce();
  }

  function introduce(): void {
    if (isIntroduced || !session.open) return;
    isIntroduced = true;
    const text = ` lineup/1 half-close=off${heartbeatOption(beat)}`;
    write(
      new Request({ head: "HELLO", text }, {
        item: () => true,
        final() {
          if (beat <= LONGEST_BEAT) life.start();
        },
        failed() {},
      }),
    );
  }

  const hasRoom = (): boolean => inFlight.size < maxInFlight && !output.full;

  /** Writes what waits, as far as there is room. */
  function pump(): void {
    while (waiting.size > 0 && hasRoom()) write(waiting.shift()!);
    if (waiting.size === 0 || stalled || !output.full) return;
    stalled = true;
    output.drained().then(() => {
      stalled = false;
      pump();
    });
  }

  function write(sent: Request): void {
    do sent.key = ++lastKey; while (inFlight.has(sent.key));
    sent.tag = String(sent.key);
    inFlight.set(sent.key, sent);
    // Whoever waits for an answer now needs the connection to be read.
    unblocked.broadcast();
    pulse.start();
    life.sent();
    const { head, text, body } = sent.outgoing;
    const line = `#${sent.tag} ${head}${text}`;
    if (!body) output.add(line + "\n");
    else {
      output.add(`${line} {${body.length}}\n`, body);
      output.add("\n");
    }
    // One write a turn, but where a turn makes many requests the server may begin with the first.
    if (lastKey % BATCH === 0) output.flush();
    else output.schedule();
  }

  /** Sends what nobody waits for. */
  function tell(head: string): void {
    const sent = new Request({ head, text: "" });
    sent.forgotten = true;
    write(sent);
  }

  async function read(): Promise<void> {
    try {
      for (;;) {
        for (let frame; (frame = replies.next());) {
          take(frame);
          // Nobody needs what comes next.
          while (blocked.size > 0 && blocked.size === inFlight.size) await unblocked.changed();
        }
        const read = await stream.read(replies.buffer);
        replies.push(read, "maybe");
        pulse.heard();
        // A body that somebody waits for is as long as it may be.
        const { begun } = replies.reader;
        if (begun === undefined || !isAwaited(begun)) unasked += read!;
        if (unasked > MOST_UNASKED) {
          throw notLineup(`${unasked} bytes came that nobody waits for`);
        }
      }
    } catch (error) {
      fail(error);
    }
    await output.finish();
  }

  /** Whether somebody waits for a line: each request for its last, and for items until it is cancelled. */
  function isAwaited({ tag, head }: Frame): boolean {
    const sent = inFlight.get(Number(tag));
    return sent !== undefined && sent.tag === tag && head !== "!" &&
      !(sent.forgotten && head === "*");
  }

  function take(frame: Frame): void {
    const { tag, head } = frame;
    if (head === "!") return;
    const sent = inFlight.get(Number(tag));
    if (!sent || sent.tag !== tag) {
      if (tag || head !== "ERR") throw notLineup(`tag ${tag} was not sent`);
      // Every request has a tag, so this is about the connection: it is refused or shut down.
      const cause = toRefusal(frame);
      const message = `the server ended the connection: ${cause.message}`;
      throw new ConnectionLost(message, "maybe", { cause });
    }
    const { forgotten, waiter } = sent;
    if (!forgotten || head !== "*") unasked = 0;
    if (head === "*") {
      if (!forgotten && !waiter!.item(frame)) blocked.add(sent);
      return;
    }
    inFlight.delete(sent.key);
    if (blocked.size > 0) blocked.delete(sent);
    if (waiting.size > 0) pump();
    if (!forgotten) {
      if (head === "OK") waiter!.final(frame);
      else waiter!.failed(toRefusal(frame));
    }
    if (inFlight.size === 0) idle.broadcast();
  }

  function fail(error: unknown): void {
    if (end) return;
    const cause = end = error as Error;
    stream.close();
    pulse.stop();
    life.stop();
    stopIntroducing();
    const lost = inFlight.values();
    inFlight = new InFlight();
    blocked.clear();
    const message = `the connection was lost: ${cause.message}`;
    // Whatever the streams of a runtime throw, to a caller it is one thing.
    const maybe = isKnown(cause) ? cause : new ConnectionLost(message, "maybe", { cause });
    for (const { forgotten, waiter } of lost) if (!forgotten) waiter!.failed(maybe);
    unsent = new ConnectionLost(message, "no", { cause });
    for (let sent; (sent = waiting.shift());) sent.waiter!.failed(unsent);
    unblocked.broadcast();
    idle.broadcast();
  }

  const cut = (): void => fail(new ConnectionLost("it was closed here", "maybe"));

  async function close(within: number = CLOSE_MS): Promise<void> {
    closing = true;
    let stop = clock.after(within, cut);
    while (session.load > 0) await idle.changed();
    if (!end) {
      await output.finish();
      // Closing at once could reset the connection under what the server still writes.
      stop();
      stop = clock.after(LINGER_MS, cut);
      await stream.closeWrite().catch(() => {});
    }
    await session.closed;
    stop();
  }

  const session: Session = {
    greeting,
    closed: read(),
    get open() {
      return !end && !closing;
    },
    get load() {
      return inFlight.size + waiting.size;
    },
    get error() {
      return end;
    },
    send(outgoing, waiter) {
      if (!session.open) throw unsent ?? new ConnectionLost("the connection is closed", "no");
      const { maxLine, maxBody } = greeting;
      const { head, text, body } = outgoing;
      // A tag takes up to 12 characters, a length as many; a character takes up to 3 bytes.
      if (
        text.length * 3 + head.length + 24 > maxLine &&
        encodeText(head + text).length + 24 > maxLine
      ) tooMuch("line-too-long", maxLine, "line");
      if (body && body.length > maxBody) tooMuch("body-too-large", maxBody, "body");
      const sent = new Request(outgoing, waiter);
      if (waiting.size === 0 && hasRoom()) write(sent);
      else {
        waiting.add(sent, outgoing);
        pump();
      }
      return sent;
    },
    introduce,
    cut,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
  return session;
}

/** Throws what a server would say of what it does not take. */
export function tooMuch(code: string, most: number, what: string): never {
  throw new Refusal(code, `The server takes at most ${most} bytes of ${what}.`);
}
