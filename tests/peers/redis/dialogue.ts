// A client that knows frames only, so that a test compares the bytes of two servers.

import { framesIn } from "../../examples/redis/frames.ts";

/** One connection. */
export class Dialogue implements Disposable {
  readonly #conn: Deno.TcpConn;
  #bytes = new Uint8Array(0);
  #isEnded = false;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async open(port: number): Promise<Dialogue> {
    return new Dialogue(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Sends a binary string. */
  async send(text: string): Promise<void> {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  /** The next frames; fewer where the server ends the connection. */
  async frames(count: number): Promise<string[]> {
    for (;;) {
      const { frames } = framesIn(this.#bytes);
      if (frames.length < count && await this.#read()) continue;
      const next = frames.slice(0, count);
      this.#bytes = this.#bytes.slice(next.join("").length);
      return next;
    }
  }

  /** All frames until the server ends the connection. */
  async rest(): Promise<string[]> {
    while (await this.#read());
    const { frames, taken } = framesIn(this.#bytes);
    if (taken < this.#bytes.length) throw new Error("the connection ends within a frame");
    return frames;
  }

  /** Whether the server has sent nothing that was not taken. */
  get isSilent(): boolean {
    return this.#bytes.length === 0;
  }

  async half(): Promise<void> {
    await this.#conn.closeWrite();
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }

  async #read(): Promise<boolean> {
    if (this.#isEnded) return false;
    const buffer = new Uint8Array(65_536);
    const read = await this.#conn.read(buffer).catch((error) => {
      if (error instanceof Deno.errors.ConnectionReset) return null;
      throw error;
    });
    if (read === null) this.#isEnded = true;
    else this.#bytes = Uint8Array.of(...this.#bytes, ...buffer.subarray(0, read));
    return read !== null;
  }
}

/** A request as an array of strings, each a binary string. */
export function framed(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}
