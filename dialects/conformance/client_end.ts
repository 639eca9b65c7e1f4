// A client that knows bytes only, no dialect.

import { type ByteStream, writeAll } from "../../net/stream.ts";
import { matches } from "../answer_pattern.ts";
import { show } from "./check.ts";

/** The longest wait for bytes, in ms. Only a failing case reaches it. */
const DEADLINE_MS = 10_000;

/** One end of a connection. */
export class ClientEnd implements Disposable {
  readonly #stream: ByteStream;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #received = "";

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** Sends bytes. The server may end the connection meanwhile. */
  async send(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#stream, bytes);
    } catch {
      // The server has closed the connection; a later check reads its answer.
    }
  }

  /** Sends bytes one by one, with a turn of the event loop behind each. */
  async sendSlowly(bytes: Uint8Array): Promise<void> {
    for (const byte of bytes) {
      await this.send(Uint8Array.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  /** Ends the side of the client. */
  async half(): Promise<void> {
    await this.#stream.closeWrite();
  }

  /** Resolves once the received text matches the pattern. Rejects if the connection ends before. */
  async expect(pattern: string): Promise<void> {
    while (!matches(this.#received, pattern)) {
      if (await this.#read()) continue;
      throw new Error(`the connection ended behind ${show(this.#received)}, not ${show(pattern)}`);
    }
    this.#received = "";
  }

  /** Resolves once the server has ended the connection. Rejects if anything arrives before. */
  async ended(): Promise<void> {
    while (await this.#read());
    if (this.#received !== "") throw new Error(`${show(this.#received)} came before the end`);
  }

  [Symbol.dispose](): void {
    this.#stream.close();
  }

  /** Reads some bytes. Resolves with false at the end of the stream. */
  async #read(): Promise<boolean> {
    const buffer = new Uint8Array(65_536);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new Error(`nothing came behind ${show(this.#received)}`));
    }, DEADLINE_MS);
    try {
      const read = await Promise.race([this.#stream.read(buffer), late.promise]);
      if (read === null) return false;
      this.#received += this.#decoder.decode(buffer.subarray(0, read), { stream: true });
      return true;
    } finally {
      clearTimeout(timer);
    }
  }
}
