// One connection of a load: it writes requests, one write a turn, and counts answers.

import type { ByteStream } from "../../net/mod.ts";
import { RequestSlots } from "./request_slots.ts";
import { OutBytes } from "./out_bytes.ts";
import { BadReply, Replies } from "./replies.ts";

const READ_SIZE = 16_384;
const encoder = new TextEncoder();

/** The events of a connection. */
export interface Watcher {
  /** The server has greeted. */
  greeted(connection: LoadConnection): void;
  /** A request was answered: OK, or ERR with this code. */
  answered(kind: number, due: number, code: string | undefined, now: number): void;
  /** Requests were answered, so there is room for more. */
  room(connection: LoadConnection, now: number): void;
  /** A request will not be answered. */
  lost(kind: number, due: number): void;
  /** The connection has ended. */
  ended(connection: LoadConnection, reason: string): void;
}

/** A connection; `run` reads it. */
export class LoadConnection {
  readonly #stream: ByteStream;
  readonly #watcher: Watcher;
  readonly #inFlight: RequestSlots;
  readonly #tags: readonly Uint8Array[];
  // Requests are added to one buffer while the other is written.
  #next = new OutBytes();
  #writing = new OutBytes();
  #busy = false;
  #greeted = false;
  #now = 0;
  #closed = false;
  /** Bytes sent and received so far. */
  sent = 0;
  received = 0;

  constructor(
    stream: ByteStream,
    watcher: Watcher,
    { depth, tagged }: { depth: number; tagged: boolean },
  ) {
    this.#stream = stream;
    this.#watcher = watcher;
    this.#inFlight = new RequestSlots(depth, tagged);
    this.#tags = tagged
      ? Array.from({ length: depth }, (_, slot) => encoder.encode(`#${slot} `))
      : [];
  }

  /** Whether the server has greeted, and there is room for another request. */
  get free(): boolean {
    return this.#greeted && !this.#closed && !this.#inFlight.full;
  }

  /** The number of requests in flight. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Adds a request to the next `flush`. The connection must be `free`. */
  send(kind: number, due: number, write: (out: OutBytes) => void): void {
    const slot = this.#inFlight.add(due, kind);
    if (this.#tags.length > 0) this.#next.add(this.#tags[slot]);
    write(this.#next);
  }

  /** Writes the requests that were added. A write under way is followed by another one. */
  flush(): void {
    if (this.#busy || this.#next.length === 0 || this.#closed) return;
    [this.#next, this.#writing] = [this.#writing, this.#next];
    this.#busy = true;
    this.#write(this.#writing.bytes);
  }

  #write(bytes: Uint8Array): void {
    this.#stream.write(bytes).then((written) => {
      this.sent += written;
      if (written < bytes.length) return this.#write(bytes.subarray(written));
      this.#writing.clear();
      this.#busy = false;
      this.flush();
    }, (error) => this.#end(reason(error)));
  }

  /** Reads until the connection ends. Never rejects. */
  async run(): Promise<void> {
    const buffer = new Uint8Array(READ_SIZE);
    const replies = new Replies((tag, code) => this.#final(tag, code));
    try {
      for (let read; (read = await this.#stream.read(buffer)) !== null;) {
        this.#now = performance.now();
        this.received += read;
        replies.push(buffer.subarray(0, read));
        if (this.#greeted) this.#watcher.room(this, this.#now);
      }
      this.#end("the server closed the connection");
    } catch (error) {
      this.#end(reason(error));
    }
  }

  #final(tag: number, code: string | undefined): void {
    if (!this.#greeted) {
      if (code !== undefined) throw new Refused(code);
      this.#greeted = true;
      this.#watcher.greeted(this);
      return;
    }
    const slot = this.#inFlight.take(tag);
    if (slot >= 0) {
      const { kind, due } = this.#inFlight;
      this.#watcher.answered(kind[slot], due[slot], code, this.#now);
    } else if (code !== undefined) throw new Refused(code);
    else throw new BadReply("an answer to a request that was not made");
  }

  /** Closes the connection. The requests in flight are lost. */
  close(why = "it was closed here"): void {
    this.#end(why);
  }

  #end(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
    const { kind, due } = this.#inFlight;
    for (const slot of this.#inFlight.clear()) this.#watcher.lost(kind[slot], due[slot]);
    this.#watcher.ended(this, why);
  }
}

/** An ERR line about the connection itself. */
class Refused extends Error {}

function reason(error: unknown): string {
  const { message } = error as Error;
  if (error instanceof Refused) return `refused: ${message}`;
  if (error instanceof BadReply) return `not Lineup/1: ${message}`;
  return message;
}
