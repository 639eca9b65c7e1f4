// Messages between a server and the process of a worker: frames with a length, on a Unix socket.

import { deserialize, serialize } from "node:v8";
import type { Message } from "./messages.ts";

// A frame: a prefix (length of the head, length of the body, format of the head), the head, the body.
const PREFIX = 9;
const NO_BODY = 0xffff_ffff;
const JSON_TEXT = 0;
const V8_CLONE = 1;

/** The most bytes of a head, and of a body: a broken worker must not fill the memory of its server. */
const MOST = 256 << 20;
// A copy of a smaller body costs less than a second write.
const SMALL_BODY = 16_384;
// The read buffer: larger bodies are read into buffers of their own.
const READ = 131_072;
const WRITE = 65_536;
// Deeper values may be cycles: leave them to the structured clone.
const MOST_DEPTH = 64;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One end of the socket. Values arrive as structured clones. */
export class Channel<Sent, Heard> {
  readonly #conn: Deno.Conn;
  readonly #buffer = new Uint8Array(READ);
  readonly #out = new Uint8Array(WRITE);
  #start = 0;
  #end = 0;
  readonly #unsent: Uint8Array[] = [];
  #sending: Promise<void> | undefined = undefined;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Sends a message. Throws where it cannot be cloned or is too long. */
  send(message: Sent): void {
    // Making a buffer costs more than the rest of this method: use the last one again unless it is being sent.
    const buffer = this.#sending === undefined ? this.#out : undefined;
    this.#unsent.push(...encodeFrame(message as Message, buffer));
    this.#sending ??= this.#send();
  }

  /** Resolves once all is sent, or the other end is gone. */
  async sent(): Promise<void> {
    await this.#sending;
  }

  /** Calls `hear` with each message until the other end is gone. Throws where the other end sends anything else. */
  async listen(hear: (message: Heard) => void): Promise<void> {
    for (;;) {
      while (this.#end - this.#start < PREFIX) {
        if (!await this.#read()) return;
      }
      const prefix = new DataView(this.#buffer.buffer, this.#start, PREFIX);
      const [length, bodyLength] = [prefix.getUint32(0), prefix.getUint32(4)];
      const format = prefix.getUint8(8);
      const tooLong = length > MOST || (bodyLength > MOST && bodyLength !== NO_BODY);
      if (tooLong || format > V8_CLONE) throw new TypeError("a worker sends what is no frame");
      this.#start += PREFIX;
      // A clone may hold views of its bytes; text does not.
      const head = this.#has(length) && format === JSON_TEXT
        ? this.#pass(length)
        : await this.#take(length);
      if (head === undefined) return;
      const message = format === JSON_TEXT ? JSON.parse(decoder.decode(head)) : deserialize(head);
      if (bodyLength !== NO_BODY) {
        const body = this.#has(bodyLength)
          ? this.#pass(bodyLength).slice()
          : await this.#take(bodyLength);
        if (body === undefined) return;
        message.values.body = body;
      }
      hear(message);
    }
  }

  close(): void {
    try {
      this.#conn.close();
    } catch {
      // The socket is closed.
    }
  }

  async #send(): Promise<void> {
    try {
      for (let bytes; (bytes = this.#unsent.shift()) !== undefined;) {
        let sent = await this.#conn.write(bytes);
        while (sent < bytes.length) sent += await this.#conn.write(bytes.subarray(sent));
      }
    } catch {
      // The other end is gone; `listen` ends too.
      this.#unsent.length = 0;
    } finally {
      this.#sending = undefined;
    }
  }

  /** Reads more bytes behind the ones that are there: they are less than a prefix. */
  async #read(): Promise<boolean> {
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    const read = await this.#receive(this.#buffer.subarray(this.#end));
    this.#end += read;
    return read > 0;
  }

  #has(length: number): boolean {
    return this.#end - this.#start >= length;
  }

  /** The next bytes of the read buffer, valid until the next read. */
  #pass(length: number): Uint8Array {
    this.#start += length;
    return this.#buffer.subarray(this.#start - length, this.#start);
  }

  /** The next `length` bytes, in a buffer of their own; `undefined` where the other end is gone before. */
  async #take(length: number): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(length);
    let have = Math.min(length, this.#end - this.#start);
    bytes.set(this.#buffer.subarray(this.#start, this.#start + have));
    this.#start += have;
    while (have < length) {
      const read = await this.#receive(bytes.subarray(have));
      if (read === 0) return undefined;
      have += read;
    }
    return bytes;
  }

  async #receive(buffer: Uint8Array): Promise<number> {
    try {
      return await this.#conn.read(buffer) ?? 0;
    } catch {
      // The socket was reset, or closed by this end.
      return 0;
    }
  }
}

/** The parts of a frame, the first in `buffer` where that has room. */
function encodeFrame(message: Message, buffer: Uint8Array | undefined): Uint8Array[] {
  let head: Message = message;
  const given = message.values?.body;
  const body = given instanceof Uint8Array ? given : undefined;
  if (body !== undefined) {
    const { body: _, ...values } = message.values!;
    head = { ...message, values };
  }
  const apart = body !== undefined && body.length > SMALL_BODY;
  const behind = apart ? 0 : body?.length ?? 0;
  const room = (bytes: number): Uint8Array =>
    buffer !== undefined && PREFIX + bytes + behind <= buffer.length
      ? buffer
      : new Uint8Array(PREFIX + bytes + behind);
  let frame: Uint8Array;
  let length: number;
  // JSON is fast: a structured clone takes ten times as long.
  const plain = Object.values(head).every((value) => value === undefined || isJson(value, 0));
  if (plain) {
    const text = JSON.stringify(head);
    frame = room(3 * text.length);
    length = encoder.encodeInto(text, frame.subarray(PREFIX)).written;
  } else {
    const bytes = serialize(head);
    frame = room(length = bytes.length);
    frame.set(bytes, PREFIX);
  }
  if (length > MOST || (body?.length ?? 0) > MOST) {
    throw new RangeError(`what goes to a worker and back has at most ${MOST} bytes`);
  }
  const prefix = new DataView(frame.buffer);
  prefix.setUint32(0, length);
  prefix.setUint32(4, body?.length ?? NO_BODY);
  prefix.setUint8(8, plain ? JSON_TEXT : V8_CLONE);
  if (behind > 0) frame.set(body!, PREFIX + length);
  const first = frame.subarray(0, PREFIX + length + behind);
  return apart ? [first, body] : [first];
}

/** The reason why a value cannot be sent; `undefined` where it can. */
export function whyUnsendable(value: unknown): string | undefined {
  if (value === undefined || isJson(value, 0)) return undefined;
  try {
    serialize(value);
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether a value survives JSON unchanged. */
function isJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      return value === null || (depth < MOST_DEPTH && isPlain(value, depth + 1));
    default:
      return false;
  }
}

function isPlain(value: object, depth: number): boolean {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) {
    const array = value as unknown[];
    // `every` would skip holes.
    for (let i = 0; i < array.length; i++) if (!isJson(array[i], depth)) return false;
    return true;
  }
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const each of Object.values(value)) if (!isJson(each, depth)) return false;
  return true;
}
