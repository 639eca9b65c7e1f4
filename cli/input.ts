// Standard input, also when another process has made it non-blocking, and text files.

import { Buffer } from "node:buffer";
import { retryBlocked, retryBlockedSync } from "../net/retry_blocked.ts";

const CHUNK = 1 << 16;
/** The byte order mark, which some editors write before UTF-8 text. */
const MARK = [0xef, 0xbb, 0xbf];

/** Reads at least one byte; `null` at the end. */
export function readInput(buffer: Uint8Array): Promise<number | null> {
  return retryBlocked(() => Deno.stdin.read(buffer)).catch(explain);
}

/** As `readInput`, but it blocks. */
export function readInputSync(buffer: Uint8Array): number | null {
  try {
    return retryBlockedSync(() => Deno.stdin.readSync(buffer));
  } catch (error) {
    return explain(error);
  }
}

/** Deno's message names no file. */
function explain(error: unknown): never {
  if (!(error instanceof Deno.errors.IsADirectory)) throw error;
  throw new Error("standard input is a directory", { cause: error });
}

/** Standard input to its end, in pieces. */
export async function* inputPieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const buffer = new Uint8Array(CHUNK);
  for (let read; (read = await readInput(buffer)) !== null;) yield buffer.slice(0, read);
}

/** The pieces of a text, without a byte order mark at its beginning. */
export async function* withoutMark(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  let held: Uint8Array | undefined = new Uint8Array(0);
  for await (const piece of pieces) {
    if (held === undefined) {
      yield piece;
      continue;
    }
    const all: Uint8Array = Buffer.concat([held, piece]);
    const isMark = MARK.every((byte, at) => at >= all.length || all[at] === byte);
    const isOpen = isMark && all.length < MARK.length;
    held = isOpen ? all : undefined;
    const rest = isMark ? all.subarray(MARK.length) : all;
    if (!isOpen && rest.length > 0) yield rest;
  }
  if (held !== undefined && held.length > 0) yield held;
}

/** The text of a file, without a byte order mark. Throws Deno's errors. */
export function readText(path: string): string {
  return Deno.readTextFileSync(path).replace(/^\ufeff/, "");
}
