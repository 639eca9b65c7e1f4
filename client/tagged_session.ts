// A session: tags, the requests in flight and those that wait, and the end of the connection.

import type { Frame } from "../dialects/lineup1/frame.ts";
import { systemClock } from "../net/clock.ts";
import { Condition } from "../net/condition.ts";
import { Output } from "../net/output.ts";
import type { ByteStream } from "../net/stream.ts";
import { ConnectionLost, isKnown, notLineup, toRefusal } from "./errors.ts";
import type { Greeting } from "./greeting.ts";
import { TagTable } from "./tag_table.ts";
import { createLiveness } from "./liveness.ts";
import type { ReplyStream } from "./reply_stream.ts";
import type { FrameReceiver, Outgoing, Sent, Session, SessionLimits } from "./session.ts";
import { SendQueue } from "./send_queue.ts";
import { needRoom } from "./wire_limits.ts";

const CLOSE_MS = 10_000;
const LINGER_MS = 1000;
const BATCH = 64;
/** Requests fewer than the server takes: a CANCEL and a PING must not be refused. */
const SPARE = 2;
const HEARTBEAT_MS = 60_000;
/** The most bytes in a row that answer no request: events, the rest of a cancelled answer, empty lines. */
const MOST_UNASKED = 1 << 25;

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
    /** Its answer is ignored. */
    forgotten = false;

    declare readonly outgoing: Outgoing;
    declare readonly waiter: FrameReceiver | undefined;

    constructor(outgoing: Outgoing, waiter?: FrameReceiver) {
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

  let inFlight = new TagTable<Request>();
  const waiting = new SendQueue<Request>(maxWaiting);
  /** Requests in flight whose items are not taken. */
  const blocked = new Set<Request>();
  /** The reader waits here while all that are in flight are blocked. */
  const unblocked = new Condition();
  const idle = new Condition();
  let stalled = false;
  let lastKey = 0;
  /** Bytes since the last line that answered a request. */
  let unasked = 0;
  let end: Error | undefined;
  /** The error of requests that were not written before the end. */
  let unsent: ConnectionLost | undefined;
  let closing = false;
  let left!: () => void;
  const leaving = new Promise<void>((resolve) => left = resolve);
  const output = new Output(stream, fail);

  const liveness = createLiveness(clock, beat, {
    owed: () => inFlight.size > 0,
    // While items are not taken nothing is read, so nothing can be heard.
    reads: () => !unblocked.awaited,
    ping: () => tell("PING"),
    blank() {
      output.add("\n");
      output.schedule();
    },
    hello(text, final) {
      if (!session.open) return;
      write(new Request({ head: "HELLO", text }, { item: () => true, final, failed() {} }));
    },
    lost: fail,
  });

  const most = Math.min(maxInFlight, Math.max(1, greeting.maxInFlight - SPARE));
  const hasRoom = (): boolean => inFlight.size < most && !output.full;

  /** Writes waiting requests, as far as there is room. */
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
    // The new request needs the connection to be read.
    unblocked.broadcast();
    liveness.sent();
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

  /** Sends a request whose answer is ignored. */
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
          // No request needs the next line.
          while (blocked.size > 0 && blocked.size === inFlight.size) await unblocked.changed();
        }
        const read = await stream.read(replies.buffer);
        replies.push(read, "maybe");
        liveness.heard();
        // The body of an answer has its own limit.
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

  /** Whether a line answers a request: its last line always does, an item until the request is cancelled. */
  function isAwaited({ tag, head }: Frame): boolean {
    const sent = inFlight.get(Number(tag));
    return sent !== undefined && sent.tag === tag && head !== "!" &&
      !(sent.forgotten && head === "*");
  }

  function take(frame: Frame): void {
    const { tag, head } = frame;
    if (head === "!") {
      if (frame.words[0] === "draining") leave();
      return;
    }
    const sent = inFlight.get(Number(tag));
    if (!sent || sent.tag !== tag) {
      if (tag || head !== "ERR") throw notLineup(`tag ${tag} was not sent`);
      // Every request has a tag, so this is about the connection: it is refused or shut down.
      const cause = toRefusal(frame);
      // It was sent behind all answers: what has none was not read.
      if (cause.code === "draining") throw cause;
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
    left();
    stream.close();
    liveness.stop();
    const lost = inFlight.values();
    inFlight = new TagTable();
    blocked.clear();
    const message = `the connection was lost: ${cause.message}`;
    // Runtimes throw different errors for a lost stream; a caller gets one.
    const known = isKnown(cause) ? cause : new ConnectionLost(message, "maybe", { cause });
    for (const { forgotten, waiter } of lost) if (!forgotten) waiter!.failed(known);
    unsent = new ConnectionLost(message, "no", { cause });
    for (let sent; (sent = waiting.shift());) sent.waiter!.failed(unsent);
    unblocked.broadcast();
    idle.broadcast();
  }

  /** The server shuts down: it answers what is in flight, and what was not written goes elsewhere. */
  function leave(): void {
    if (!session.open) return;
    unsent = new ConnectionLost("the server is shutting down", "no");
    for (let sent; (sent = waiting.shift());) sent.waiter!.failed(unsent);
    void close(Infinity);
  }

  const cut = (): void => fail(new ConnectionLost("it was closed here", "maybe"));

  async function close(within: number = CLOSE_MS): Promise<void> {
    closing = true;
    left();
    let stop = clock.after(within, cut);
    while (session.load > 0) await idle.changed();
    if (!end) {
      await output.finish();
      // To close at once could reset the connection while the server still writes.
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
    left: leaving,
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
      needRoom(outgoing, greeting);
      const sent = new Request(outgoing, waiter);
      if (waiting.size === 0 && hasRoom()) write(sent);
      else {
        waiting.add(sent, outgoing);
        pump();
      }
      return sent;
    },
    introduce: liveness.introduce,
    cut,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
  return session;
}
