// A server and a faulty network between it and its clients, on a virtual clock. Nothing here takes real time.

import type { Address, ByteStream, Clock, Dial } from "../../client/mod.ts";
import { encodeFrame, type Frame, type FrameInit, Framer } from "../../protocol/mod.ts";

export const GREETING = "OK lineup/1 ledger/1.0 max-line=8192 max-body=1048576\n";

const encoder = new TextEncoder();

/** The end of a connection: in order, with an error, or none, where it only falls silent. */
export type End = "end" | "reset" | "silence";

/** The faults of one connection. Bytes are counted from its first. */
export interface Faults {
  /** The dial fails, or never ends. */
  readonly dial?: "refused" | "silence";
  /** The delay of each piece of an answer, in ms. */
  readonly delay?: () => number;
  /** The client's input ends behind this many bytes. */
  readonly answers?: { readonly after: number; readonly how: End };
  /** The server's input ends behind this many bytes. */
  readonly requests?: { readonly after: number; readonly how: End };
  /** Bytes that are inserted into the client's input. */
  readonly garbage?: { readonly at: number; readonly bytes: Uint8Array };
  /** Returns the text to send instead of the `n`th answer, counted from 0. */
  readonly rewrite?: (answer: string, n: number) => string;
}

/** The answer to a request: its lines, and the ms until the server sends them. */
export interface Answer {
  readonly lines: readonly FrameInit[];
  readonly ms?: number;
}

/** The client's end of a connection through the proxy. */
class ProxiedStream implements ByteStream {
  closed = false;
  /** The most requests that were in flight at a time, without CANCEL. */
  most = 0;
  #unanswered = 0;
  readonly peer: string;
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #answer: (frame: Frame, address: string) => Answer;
  readonly #count: (lines: number) => void;
  readonly #framer = new Framer("request");
  readonly #stops = new Set<() => void>();
  #incoming: Uint8Array[] = [];
  #ended: "end" | "reset" | undefined = undefined;
  #wake: () => void = () => {};
  #sent = 0;
  #received = 0;
  #answers = 0;
  #muteRequests = false;
  #muteAnswers = false;

  constructor(
    address: string,
    clock: Clock,
    faults: Faults,
    answer: (frame: Frame, address: string) => Answer,
    count: (lines: number) => void,
  ) {
    this.#count = count;
    this.peer = address;
    this.#clock = clock;
    this.#faults = faults;
    this.#answer = answer;
    this.#send(GREETING);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#incoming.length === 0 && this.#ended === undefined && !this.closed) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    if (this.closed) throw new Error("the stream is closed");
    const [bytes] = this.#incoming;
    if (bytes !== undefined) {
      buffer.set(bytes);
      this.#incoming.shift();
      return bytes.length;
    }
    if (this.#ended === "reset") throw new Error("connection reset by peer");
    return null;
  }

  // deno-lint-ignore require-await
  async write(bytes: Uint8Array): Promise<number> {
    if (this.closed || this.#ended === "reset") throw new Error("broken pipe");
    this.#count(bytes.filter((byte) => byte === 0x0a).length);
    const { requests } = this.#faults;
    const left = requests === undefined ? Infinity : requests.after - this.#received;
    this.#received += bytes.length;
    if (!this.#muteRequests) this.#take(bytes.slice(0, Math.max(0, Math.min(left, bytes.length))));
    if (bytes.length > left && !this.#muteRequests) {
      this.#muteRequests = true;
      this.#end(requests!.how);
    }
    return bytes.length;
  }

  /** Resets the connection at both ends. */
  reset(): void {
    this.#end("reset");
  }

  closeWrite(): Promise<void> {
    this.#later(0, () => this.#end("end"));
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
    for (const stop of this.#stops) stop();
    this.#wake();
  }

  #take(bytes: Uint8Array): void {
    this.#framer.push(bytes);
    for (let frame; (frame = this.#framer.next()) !== undefined;) {
      if (frame.kind !== "frame") throw new Error(`the client sent ${JSON.stringify(frame)}`);
      const { tag } = frame;
      const { lines, ms = 0 } = this.#answer(frame, this.peer);
      const text = lines.map((line) => new TextDecoder().decode(encodeFrame({ tag, ...line })));
      const counts = frame.head === "CANCEL" ? 0 : 1;
      this.most = Math.max(this.most, this.#unanswered += counts);
      this.#later(ms, () => {
        this.#unanswered -= counts;
        this.#send(text.join(""));
      });
    }
  }

  #later(ms: number, action: () => void): void {
    const stop = this.#clock.after(ms, () => {
      this.#stops.delete(stop);
      action();
    });
    this.#stops.add(stop);
  }

  #send(text: string): void {
    const { rewrite, delay } = this.#faults;
    const changed = text === GREETING ? text : rewrite?.(text, this.#answers++) ?? text;
    if (delay === undefined) this.#deliver(encoder.encode(changed));
    else this.#later(delay(), () => this.#deliver(encoder.encode(changed)));
  }

  #deliver(bytes: Uint8Array): void {
    if (this.#muteAnswers || this.#ended !== undefined || this.closed) return;
    const { garbage, answers } = this.#faults;
    if (
      garbage !== undefined && garbage.at >= this.#sent && garbage.at < this.#sent + bytes.length
    ) {
      const at = garbage.at - this.#sent;
      bytes = Uint8Array.from([...bytes.slice(0, at), ...garbage.bytes, ...bytes.slice(at)]);
    }
    const left = answers === undefined ? Infinity : answers.after - this.#sent;
    this.#sent += bytes.length;
    if (left > 0) this.#incoming.push(bytes.slice(0, Math.min(left, bytes.length)));
    if (bytes.length >= left) {
      this.#muteAnswers = true;
      this.#end(answers!.how);
    }
    this.#wake();
  }

  #end(how: End): void {
    if (how === "silence") return;
    if (how === "reset") this.#incoming = [];
    this.#ended ??= how;
    this.#wake();
  }
}

/** A network to dial through. Each connection gets the next faults. */
export class FaultyProxy {
  readonly streams: ProxiedStream[] = [];
  /** The number of dials. */
  dials = 0;
  /** The number of lines that clients have written, including lines that did not arrive. */
  lines = 0;
  readonly #clock: Clock;
  readonly #faults: (address: string) => Faults;
  readonly #answer: (frame: Frame, address: string) => Answer;

  /** `answer` is the server. `faults` is called for each connection. */
  constructor(
    clock: Clock,
    answer: (frame: Frame, address: string) => Answer,
    faults: (address: string) => Faults = () => ({}),
  ) {
    this.#clock = clock;
    this.#answer = answer;
    this.#faults = faults;
  }

  /** The number of connections that the clients have not closed. */
  get open(): number {
    return this.streams.filter((stream) => !stream.closed).length;
  }

  /** The most requests that one connection had in flight, without CANCEL. */
  get most(): number {
    return Math.max(0, ...this.streams.map(({ most }) => most));
  }

  /** Resets all connections, or those to one host. */
  reset(host?: string): void {
    for (const stream of this.streams) {
      if (host === undefined || stream.peer === host) stream.reset();
    }
  }

  /** The `dial` option of a client. */
  readonly dial: Dial = (address: Address) => {
    this.dials++;
    const name = address.transport === "tcp" ? address.hostname : "unix";
    const faults = this.#faults(name);
    if (faults.dial === "silence") return new Promise(() => {});
    if (faults.dial === "refused") return Promise.reject(new Error("connection refused"));
    const count = (lines: number): void => void (this.lines += lines);
    const stream = new ProxiedStream(name, this.#clock, faults, this.#answer, count);
    this.streams.push(stream);
    return Promise.resolve(stream);
  };
}

/** Lets all promises settle that need no time: runs some turns of the microtask queue. */
export async function settle(turns = 24): Promise<void> {
  for (let i = 0; i < turns; i++) await null;
}

/** Lets time pass on the clock until the promise settles, and settles the same way. Throws where no timer is left. */
export async function run<T>(
  clock: { step(): boolean },
  promise: Promise<T>,
  most = 100_000,
): Promise<T> {
  let settled = false;
  const done = promise.finally(() => settled = true);
  done.catch(() => {});
  for (let i = 0; i < most; i++) {
    await settle();
    if (settled) return done;
    if (!clock.step()) {
      await settle(1000);
      if (settled) return done;
      throw new Error("nothing more will happen, and the promise is not settled");
    }
  }
  throw new Error(`not settled after ${most} steps`);
}
