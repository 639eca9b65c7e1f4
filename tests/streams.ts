// Streams that record the server's use of them.

import { type ByteStream, type Listener, memoryPair } from "../net/mod.ts";
import type { TestServer } from "./test_server.ts";

/** A stream that counts its writes. */
export class CountingStream implements ByteStream {
  writes = 0;
  readonly peer: string;
  readonly #stream: ByteStream;

  constructor(stream: ByteStream) {
    this.#stream = stream;
    this.peer = stream.peer;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#stream.read(buffer);
  }

  write(bytes: Uint8Array): Promise<number> {
    this.writes++;
    return this.#stream.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#stream.closeWrite();
  }

  close(): void {
    this.#stream.close();
  }
}

/** A listener that accepts one stream. */
export function only(stream: ByteStream): Listener {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let accepted = false;
  return {
    address: "only",
    accept(): Promise<ByteStream | undefined> {
      if (accepted) return promise;
      accepted = true;
      return Promise.resolve(stream);
    },
    close: () => resolve(undefined),
  };
}

/** Waits until nothing more happens without further input or time. */
export async function settle({ clock }: Pick<TestServer, "clock">): Promise<void> {
  for (let i = 0; i < 50; i++) await clock.elapse(0);
}

/** A listener in memory whose connections come from the addresses that a test gives them. */
export class PeerListener implements Listener {
  readonly address = "peers";
  readonly #waiting: ByteStream[] = [];
  #wake: () => void = () => {};
  #closed = false;
  /** The number of writes to its connections. */
  writes = 0;

  /** A connection from `peer`, such as `192.0.2.7:1`. */
  connect(peer: string, capacity?: number): ByteStream {
    const [client, server] = memoryPair(capacity);
    this.#waiting.push({
      peer,
      read: (buffer) => server.read(buffer),
      write: (bytes) => {
        this.writes++;
        return server.write(bytes);
      },
      closeWrite: () => server.closeWrite(),
      close: () => server.close(),
    });
    this.#wake();
    return client;
  }

  async accept(): Promise<ByteStream | undefined> {
    while (this.#waiting.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#waiting.shift();
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }
}
