// Standard input, also where another process has made it non-blocking.

import { Buffer } from "node:buffer";
import { pauseSync } from "../net/standard_output.ts";
import { sleep } from "../net/timer.ts";

const FIRST_PAUSE_MS = 1, LONGEST_PAUSE_MS = 50;
const CHUNK = 1 << 16;
/** The byte order mark, which some editors put before UTF-8. */
const MARK = [0xef, 0xbb, 0xbf];

/** Reads what there is, at least one byte; `null` at the end. */
export async function readInput(buffer: Uint8Array): Promise<number | null> {
  for (let pause = FIRST_PAUSE_MS;; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await Deno.stdin.read(buffer);
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      await sleep(pause);
    }
  }
}

/** As `readInput`, and nothing else goes on meanwhile. */
export function readInputSync(buffer: Uint8Array): number | null {
  for (let pause = FIRST_PAUSE_MS;;) {
    try {
      return Deno.stdin.readSync(buffer);
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      pause = pauseSync(pause);
    }
  }
}

/** All of it, in pieces. */
export async function* inputPieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const buffer = new Uint8Array(CHUNK);
  for (let read; (read = await readInput(buffer)) !== null;) yield buffer.slice(0, read);
}

/** The pieces of a text without the byte order mark that may stand before it. */
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

/** A file's text without a byte order mark. Throws Deno's errors. */
export function readText(path: string): string {
  return Deno.readTextFileSync(path).replace(/^\ufeff/, "");
}
