import { Buffer } from "node:buffer";
import { connectStream, parseAddress } from "../net/mod.ts";

// Only a failing test waits as long as this. A read without an end would not show the bytes that came before it.
const DEADLINE_MS = 60_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** The connection of a client: one of `Deno.connect`, or of any transport of net/. */
export interface RawStream {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
}

/** A client that knows only bytes, lines and bodies, so that a test sees the real bytes of a server. */
export class RawClient implements Disposable {
  readonly stream: RawStream;
  /** Whether the server has ended the connection, as far as the client has read. */
  ended = false;
  /** The unread bytes are at its beginning. */
  #buffer = new Uint8Array(1024);
  #length = 0;
  #listens = false;
  #change = Promise.withResolvers<void>();

  constructor(stream: RawStream) {
    this.stream = stream;
  }

  /** Connects and reads the greeting. */
  static async open(place: string | RawStream): Promise<RawClient> {
    const stream = typeof place === "string" ? await connectStream(parseAddress(place)) : place;
    const client = new RawClient(stream);
    try {
      const greeting = await client.line();
      if (!greeting.startsWith("OK lineup/1 ")) throw new Error(`no greeting: ${greeting}`);
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Sends text and bytes in one write. Resolves once the server has room for all of it. */
  async send(...parts: readonly (string | Uint8Array)[]): Promise<void> {
    const all = parts.map((part) => typeof part === "string" ? encoder.encode(part) : part);
    await this.#write(all.length === 1 ? all[0] : Buffer.concat(all));
  }

  /** Sends without waiting: bytes that the server does not read wait, and the test goes on. */
  post(what: string | Uint8Array): void {
    const bytes = typeof what === "string" ? encoder.encode(what) : what;
    this.#write(bytes).catch(() => this.ended = true);
  }

  /** Sends text, each byte in a write of its own. */
  async dribble(text: string): Promise<void> {
    for (const byte of encoder.encode(text)) await this.stream.write(Uint8Array.of(byte));
  }

  /** The next line without its end. Throws at the end of the stream. */
  async line(): Promise<string> {
    return (await this.rawLine()).replace(/\r?\n$/, "");
  }

  /** The next line with its end. Throws at the end of the stream. */
  async rawLine(): Promise<string> {
    for (let looked = 0;;) {
      const end = this.#received.indexOf(0x0a, looked);
      if (end >= 0) return decoder.decode(this.#take(end + 1));
      looked = this.#length;
      await this.#more();
    }
  }

  /** The next `count` lines without their ends. */
  async lines(count: number): Promise<string[]> {
    const lines: string[] = [];
    while (lines.length < count) lines.push(await this.line());
    return lines;
  }

  /** The next `size` bytes. */
  async bytes(size: number): Promise<Uint8Array> {
    while (this.#length < size) await this.#more();
    return this.#take(size);
  }

  /** The next reply: its items and its final line with their bodies, lines separated by `\n`. */
  async reply(): Promise<string> {
    let text = "";
    for (;;) {
      const head = (await this.line()).trimEnd();
      text += head;
      const length = /\{([0-9]+)\}$/.exec(head)?.[1];
      if (length !== undefined) {
        text += "\n" + new TextDecoder().decode(await this.bytes(Number(length)));
        await this.line();
      }
      if (!/^(?:#\S+ )?\*/.test(head)) return text;
      text += "\n";
    }
  }

  /** Sends one request and reads its reply. */
  async ask(request: string): Promise<string> {
    await this.send(request + "\n");
    return await this.reply();
  }

  /** Resolves once this text has come; it stays. */
  async seen(text: string): Promise<void> {
    while (!this.peek().includes(text)) await this.#more();
  }

  /** All text that comes until the server ends the stream. */
  async rest(): Promise<string> {
    return decoder.decode(await this.restBytes());
  }

  /** The same as bytes. */
  async restBytes(): Promise<Uint8Array> {
    while (!this.ended) await this.#read();
    return this.takeBytes();
  }

  /** From now on, reads and keeps all bytes, whether or not a test asks for them. */
  listen(): this {
    this.#listens = true;
    (async () => {
      try {
        while (!this.ended) await this.#readOnce();
      } catch {
        // The test has closed the connection.
      }
    })();
    return this;
  }

  /** The text that has come and was not taken. It stays. */
  peek(): string {
    return decoder.decode(this.#received);
  }

  /** Takes the text that has come. */
  take(): string {
    return decoder.decode(this.takeBytes());
  }

  /** The same as bytes. */
  takeBytes(): Uint8Array {
    return this.#take(this.#length);
  }

  /** The number of bytes that have come and were not taken. */
  get waiting(): number {
    return this.#length;
  }

  /** Ends its side, and reads on. */
  half(): Promise<void> {
    return this.stream.closeWrite();
  }

  close(): void {
    this.stream.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let written = await this.stream.write(bytes);
    while (written < bytes.length) written += await this.stream.write(bytes.subarray(written));
  }

  get #received(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #take(size: number): Uint8Array {
    const taken = this.#buffer.slice(0, size);
    this.#buffer.copyWithin(0, size, this.#length);
    this.#length -= size;
    return taken;
  }

  async #more(): Promise<void> {
    if (!this.ended) await this.#read();
    if (this.ended) throw new Error(`the server ended the stream after ${this.#shown()}`);
  }

  async #read(): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.close();
    }, DEADLINE_MS);
    try {
      await (this.#listens ? this.#change.promise : this.#readOnce());
    } catch (error) {
      if (late) throw new Error(`nothing came in ${DEADLINE_MS} ms after ${this.#shown()}`);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #readOnce(): Promise<void> {
    const chunk = new Uint8Array(65_536);
    const read = await this.stream.read(chunk);
    if (read === null) this.ended = true;
    else this.#keep(chunk.subarray(0, read));
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  #keep(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.#received);
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  #shown(): string {
    return JSON.stringify(this.peek());
  }
}
