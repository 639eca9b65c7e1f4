import { type ByteStream, connectStream, parseAddress, writeAll } from "../net/mod.ts";

// Only a test that fails gets this far: a read that never ends would say nothing about what came before it.
const DEADLINE_MS = 10_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** A client that knows bytes and lines and nothing else, so that a test sees what a server really sends. */
export class Wire implements Disposable {
  readonly stream: ByteStream;
  #received: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(stream: ByteStream) {
    this.stream = stream;
  }

  /** Connects and takes the greeting. */
  static async open(place: string | ByteStream): Promise<Wire> {
    const stream = typeof place === "string" ? await connectStream(parseAddress(place)) : place;
    const wire = new Wire(stream);
    try {
      const greeting = await wire.line();
      if (!greeting.startsWith("OK lineup/1 ")) throw new Error(`no greeting: ${greeting}`);
      return wire;
    } catch (error) {
      wire.close();
      throw error;
    }
  }

  /** Sends text and bytes in one write. */
  async send(...parts: readonly (string | Uint8Array)[]): Promise<void> {
    const all = parts.map((part) => typeof part === "string" ? encoder.encode(part) : part);
    await writeAll(this.stream, Uint8Array.from(all.flatMap((part) => [...part])));
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
    let end: number;
    while ((end = this.#received.indexOf(0x0a)) < 0) await this.#more();
    return decoder.decode(this.#take(end + 1));
  }

  /** The next `count` lines without their ends. */
  async lines(count: number): Promise<string[]> {
    const lines: string[] = [];
    while (lines.length < count) lines.push(await this.line());
    return lines;
  }

  /** The next `size` bytes. */
  async bytes(size: number): Promise<Uint8Array> {
    while (this.#received.length < size) await this.#more();
    return this.#take(size);
  }

  /** All that comes until the server ends the stream. */
  async rest(): Promise<string> {
    while (!this.#ended) await this.#read();
    return decoder.decode(this.#take(this.#received.length));
  }

  /** Says that nothing more will be sent. */
  half(): Promise<void> {
    return this.stream.closeWrite();
  }

  close(): void {
    this.stream.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #take(size: number): Uint8Array {
    const taken = this.#received.subarray(0, size);
    this.#received = this.#received.subarray(size);
    return taken;
  }

  async #more(): Promise<void> {
    if (!this.#ended) await this.#read();
    if (this.#ended) {
      throw new Error(`the server ended the stream after ${this.#shown()}`);
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.close();
    }, DEADLINE_MS);
    try {
      const read = await this.stream.read(buffer);
      if (read === null) this.#ended = true;
      else this.#received = Uint8Array.from([...this.#received, ...buffer.subarray(0, read)]);
    } catch (error) {
      if (late) throw new Error(`nothing came in ${DEADLINE_MS} ms after ${this.#shown()}`);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #shown(): string {
    return JSON.stringify(decoder.decode(this.#received));
  }
}

/** Resolves once `condition` holds: for what a server does that nobody is told about. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not so in ${DEADLINE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
