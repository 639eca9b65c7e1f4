// One connection as a client sees it: requests go out with tags, answers find their way back by them.

import { Refusal, type RefusalOptions } from "../protocol/errors.ts";
import { type Frame, Framer } from "../protocol/framer.ts";
import { parseAddress } from "../net/address.ts";
import { connectStream } from "../net/deno.ts";
import { Output } from "../net/output.ts";
import type { ByteStream } from "../net/stream.ts";
import { ConnectionLost, ProtocolError } from "./errors.ts";

const READ_SIZE = 65_536;
const CLOSE_MS = 1000;

/** How to connect. */
export interface SessionOptions {
  /** Milliseconds for the connection and the greeting. Default 10000. */
  timeout?: number;
  /** Ends the attempt to connect. */
  signal?: AbortSignal;
  /** Requests in flight; more wait here, in order. Default 256, as many as a server takes by default. */
  maxInFlight?: number;
  /** The client's name for the server's log. */
  agent?: string;
  /** Longest line of a reply, in bytes. Default 64 KiB. */
  maxLine?: number;
  /** Longest body of a reply, in bytes. Default 64 MiB. */
  maxBody?: number;
}

/** What a server says of itself when it greets. */
export interface Greeting {
  /** Its protocol's name. */
  readonly name: string;
  /** Its protocol's version. */
  readonly version: string;
  /** Longest line it takes, in bytes. */
  readonly maxLine: number;
  /** Longest body it takes, in bytes. */
  readonly maxBody: number;
}

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

/** A connection to a server. Get one from `openSession`. */
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
    options: SessionOptions,
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

  /** Sends a request, with the next turn's write. Throws `ConnectionLost` after the end, `Refusal` for what the server would not take. */
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
      buffer.set(rest);
      for (
        let read: number | null = rest.length;
        read !== null;
        read = await this.#stream.read(buffer)
      ) {
        this.#framer.push(buffer.subarray(0, read));
        for (let framed; (framed = this.#framer.next()) !== undefined;) {
          if (framed.kind !== "frame") {
            throw new ProtocolError(
              framed.kind === "malformed" ? framed.message : "telnet commands in replies",
            );
          }
          this.#frame(framed);
          if (this.#paused !== undefined) await this.#paused.promise;
        }
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

/**
 * Connects and reads the greeting. Throws `AddressError` for a wrong address, `ConnectionLost` where nobody answers,
 * `ProtocolError` where the server speaks something else, `Refusal` where it refuses the connection.
 */
export async function openSession(
  address: string | ByteStream,
  options: SessionOptions = {},
): Promise<Session> {
  const place = typeof address === "string" ? parseAddress(address) : undefined;
  const timeout = AbortSignal.timeout(options.timeout ?? 10_000);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  let stream: ByteStream;
  try {
    stream = place === undefined ? address as ByteStream : await connectStream(place, { signal });
  } catch (error) {
    options.signal?.throwIfAborted();
    const why = timeout.aborted ? "no answer in time" : asError(error).message;
    throw new ConnectionLost(`cannot connect to ${address}: ${why}`, "no", { cause: error });
  }
  const onAbort = (): void => stream.close();
  signal.addEventListener("abort", onAbort);
  try {
    const framer = new Framer("reply", {
      maxLine: options.maxLine ?? 65_536,
      maxBody: options.maxBody ?? 1 << 26,
    });
    const { frame, rest } = await firstFrame(stream, framer);
    if (frame.head === "ERR") throw toRefusal(frame);
    return new Session(stream, framer, toGreeting(frame), options, rest);
  } catch (error) {
    stream.close();
    options.signal?.throwIfAborted();
    if (timeout.aborted) {
      throw new ConnectionLost(`no greeting from ${address} in time`, "no", { cause: error });
    }
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function firstFrame(
  stream: ByteStream,
  framer: Framer,
): Promise<{ frame: Frame; rest: Uint8Array }> {
  // A byte at a time would do, but what comes behind the greeting in the same read is handed on.
  const buffer = new Uint8Array(READ_SIZE);
  for (;;) {
    const read = await stream.read(buffer);
    if (read === null) throw new ConnectionLost("the server closed the connection", "no");
    const end = buffer.subarray(0, read).indexOf(0x0a);
    framer.push(buffer.subarray(0, end < 0 ? read : end + 1));
    const framed = framer.next();
    if (framed === undefined) continue;
    if (framed.kind !== "frame") {
      throw new ProtocolError(
        `the server does not speak Lineup/1: ${
          framed.kind === "malformed" ? framed.message : "telnet commands"
        }`,
      );
    }
    return { frame: framed, rest: buffer.slice(end + 1, read) };
  }
}

function toGreeting({ head, words, options }: Frame): Greeting {
  const [wire, protocol] = words;
  const parts = /^([a-z][a-z0-9-]*)\/([0-9.]+)$/.exec(protocol ?? "");
  const maxLine = Number(options.get("max-line"));
  const maxBody = Number(options.get("max-body"));
  if (head !== "OK" || wire !== "lineup/1" || parts === null || !(maxLine > 0) || !(maxBody >= 0)) {
    throw new ProtocolError("the server does not speak Lineup/1: its greeting says something else");
  }
  return { name: parts[1], version: parts[2], maxLine, maxBody };
}

function toRefusal({ words, options }: Frame): Refusal {
  const [code = "internal", message = ""] = words;
  const { retry, executed, ...details } = Object.fromEntries(options);
  const more: RefusalOptions = { details };
  if (retry !== undefined && Number.isFinite(Number(retry))) more.retry = Number(retry);
  if (executed === "no" || executed === "maybe") more.executed = executed;
  return new Refusal(code, message, more);
}

function checkLine(line: string, max: number): void {
  const { length } = new TextEncoder().encode(line);
  if (length > max) {
    throw new Refusal("line-too-long", `The line has ${length} bytes; the server takes ${max}.`);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
