// Connections within a process: the interface of streams without sockets. A whole server runs on them in a test.

import { AcceptQueue } from "./accept_queue.ts";
import type { ByteStream, Listener } from "./stream.ts";

/** A pipe of bounded size, one direction of a memory connection. */
class Pipe {
  readonly #capacity: number;
  readonly #chunks: Uint8Array[] = [];
  #held = 0;
  #ended = false;
  #broken = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#held === 0) {
      if (this.#broken) throw new Error("the connection is closed");
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
    let read = 0;
    while (read < buffer.length && this.#chunks.length > 0) {
      const chunk = this.#chunks[0];
      const part = chunk.subarray(0, buffer.length - read);
      buffer.set(part, read);
      read += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#held -= read;
    this.#wakeWriter?.();
    return read;
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (this.#held >= this.#capacity && !this.#broken && !this.#ended) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
    if (this.#broken || this.#ended) throw new Error("the connection is closed");
    const part = bytes.slice(0, this.#capacity - this.#held);
    if (part.length > 0) {
      this.#chunks.push(part);
      this.#held += part.length;
      this.#wakeReader?.();
    }
    return part.length;
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  break(): void {
    this.#broken = true;
    this.#chunks.length = this.#held = 0;
    this.#wake();
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }
}

/** Both ends of a connection in memory that holds at most `capacity` bytes each way (default 64 KiB). */
export function memoryPair(capacity: number = 65_536): [ByteStream, ByteStream] {
  const there = new Pipe(capacity);
  const back = new Pipe(capacity);
  return [memoryEnd(back, there), memoryEnd(there, back)];
}

function memoryEnd(incoming: Pipe, outgoing: Pipe): ByteStream {
  return {
    peer: "memory",
    read: (buffer) => incoming.read(buffer),
    write: (bytes) => outgoing.write(bytes),
    closeWrite: () => Promise.resolve(outgoing.end()),
    close(): void {
      incoming.break();
      outgoing.end();
    },
  };
}

/** A listener in memory: `connect` makes a connection, and `accept` returns its other end. */
export interface MemoryListener extends Listener {
  /** The client's end of a new connection. Throws `Error` once the listener is closed. */
  connect(capacity?: number): ByteStream;
}

/**
 * A listener for connections of this process only.
 *
 * @example
 * ```ts
 * import { connect } from "@lineup/lineup/client";
 * import { listenMemory, serve } from "@lineup/lineup/server";
 * import { assertEquals } from "@std/assert";
 *
 * const protocol = { name: "none", version: "1.0", summary: "No commands of its own.", commands: {} };
 * const listener = listenMemory();
 * await using server = await serve(protocol, {}, { listen: [listener] });
 * await using client = await connect(protocol, listener.connect());
 * assertEquals([server.address, await client.PING({})], ["memory", { word: "pong" }]);
 * ```
 */
export function listenMemory(): MemoryListener {
  const arrivals = new AcceptQueue();
  return {
    address: "memory",
    connect(capacity?: number): ByteStream {
      if (arrivals.closed) throw new Error("the listener is closed");
      const [client, server] = memoryPair(capacity);
      arrivals.push(server);
      return client;
    },
    accept: () => arrivals.accept(),
    close: () => arrivals.close(),
  };
}
