// Reading bodies from a file or standard input, whole or line by line. Memory holds at most one body.

import { Refusal } from "../../client/mod.ts";
import { UsageError } from "../flags.ts";
import { readInput, withoutMark } from "../input.ts";
import { reason } from "../reason.ts";

const CHUNK = 1 << 16;
const LF = 10, CR = 13;

/** Bytes that are read in order. */
export interface ByteSource extends Disposable {
  read(buffer: Uint8Array): Promise<number | null>;
}

/** Opens a file, or standard input for `-`. Throws `UsageError`. */
export async function openSource(path: string): Promise<ByteSource> {
  if (path === "-") {
    return { read: readInput, [Symbol.dispose]() {} };
  }
  try {
    const file = await Deno.open(path);
    if (!(await file.stat()).isDirectory) return file;
    file.close();
  } catch (error) {
    throw new UsageError(`The body cannot be read from ${path}: ${reason(error)}.`);
  }
  throw new UsageError(`The body cannot be read from ${path}: it is a directory.`);
}

/** All bytes of a source; a `Refusal` if there are more than `most`. */
export async function readAll(source: ByteSource, most: number): Promise<Uint8Array | Refusal> {
  const body = new Body(most);
  const buffer = new Uint8Array(CHUNK);
  for (let read; (read = await source.read(buffer)) !== null;) {
    if (!body.add(buffer.subarray(0, read))) break;
  }
  return body.take();
}

/**
 * The lines of a source, without their ends (LF or CRLF) and without a byte order mark. A line of more than `most` bytes
 * is a `Refusal`.
 */
export async function* linesOf(
  source: ByteSource,
  most: number,
): AsyncGenerator<Uint8Array | Refusal, void, void> {
  const line = new Body(most);
  for await (const chunk of withoutMark(pieces(source))) {
    let start = 0;
    for (let end; (end = chunk.indexOf(LF, start)) !== -1; start = end + 1) {
      line.add(chunk.subarray(start, end));
      line.endLine();
      yield line.take();
    }
    line.add(chunk.subarray(start));
  }
  if (line.length > 0) yield line.take();
}

async function* pieces(source: ByteSource): AsyncGenerator<Uint8Array, void, void> {
  const buffer = new Uint8Array(CHUNK);
  for (let read; (read = await source.read(buffer)) !== null;) yield buffer.subarray(0, read);
}

/** A body that grows piece by piece, within its limit. */
class Body {
  readonly #most: number;
  #pieces: Uint8Array[] = [];
  #last: number | undefined = undefined;
  length = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Adds a copy of the bytes; a body that is too long keeps none. Returns whether the body is within its limit. */
  add(bytes: Uint8Array): boolean {
    this.length += bytes.length;
    this.#last = bytes.at(-1) ?? this.#last;
    // One byte above the limit may be the CR of the line end.
    if (this.length > this.#most + 1) this.#pieces = [];
    else if (bytes.length > 0) this.#pieces.push(bytes.slice());
    return this.length <= this.#most;
  }

  /** Ends a line: a CR before the LF belongs to the line end. */
  endLine(): void {
    if (this.length === 0 || this.#last !== CR) return;
    this.length--;
    const last = this.#pieces.pop();
    if (last !== undefined) this.#pieces.push(last.subarray(0, -1));
  }

  /** Returns the body, and begins the next one. */
  take(): Uint8Array | Refusal {
    const [pieces, length] = [this.#pieces, this.length];
    this.#pieces = [];
    this.length = 0;
    if (length > this.#most) {
      return new Refusal("body-too-large", `The server takes at most ${this.#most} bytes of body.`);
    }
    if (pieces.length === 1) return pieces[0];
    const all = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }
}
