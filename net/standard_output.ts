// Standard output of this process, in pieces of which it is known whether they were written.
//
// Deno buffers what it is given up to the end of a line, and where a pipe is full that another process has made
// non-blocking, it says so without telling how much of it went out. A piece that ends a line, or is longer than the buffer,
// is passed on by itself, and into a pipe at once or not at all; what is shorter is in the buffer, and waits there.

import { sleep } from "./timer.ts";

const LF = 10;
/** What a pipe takes as a whole (PIPE_BUF), and what Rust's standard output buffers. */
const MOST_AT_ONCE = 4096, BUFFERED = 1024;
const NOTHING = new Uint8Array(0);
const FIRST_PAUSE_MS = 1, LONGEST_PAUSE_MS = 50;

/** Where bytes go: `Deno.stdout`. */
interface Output {
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
}

/** The piece that begins at `at`, and whether it is buffered where it cannot be written. */
function pieceAt(bytes: Uint8Array, at: number): { piece: Uint8Array; isBuffered: boolean } {
  const most = bytes.subarray(at, at + MOST_AT_ONCE);
  const line = most.lastIndexOf(LF) + 1;
  const piece = line > 0 ? most.subarray(0, line) : most;
  return { piece, isBuffered: line === 0 && piece.length < BUFFERED };
}

/** Writes all of it, however long that takes; nothing else goes on meanwhile. Throws Deno's errors. */
export function writeOutputSync(bytes: Uint8Array, to: Output = Deno.stdout): void {
  let pause = FIRST_PAUSE_MS;
  for (let at = 0; at < bytes.length;) {
    const { piece, isBuffered } = pieceAt(bytes, at);
    for (let next = piece;;) {
      try {
        const count = to.writeSync(next);
        at += next === NOTHING ? piece.length : count;
        pause = FIRST_PAUSE_MS;
        break;
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock)) throw error;
        if (isBuffered) next = NOTHING;
        pause = pauseSync(pause);
      }
    }
  }
}

/** Writes a piece of it; resolves with how many bytes that were, once they are written. Rejects with Deno's errors. */
export async function writeOutput(bytes: Uint8Array, to: Output = Deno.stdout): Promise<number> {
  const { piece, isBuffered } = pieceAt(bytes, 0);
  let next = piece;
  for (let pause = FIRST_PAUSE_MS;; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      const count = await to.write(next);
      return next === NOTHING ? piece.length : count;
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      if (isBuffered) next = NOTHING;
      await sleep(pause);
    }
  }
}

/** Waits, with all else; answers how long to wait the next time. */
export function pauseSync(ms: number): number {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return Math.min(2 * ms, LONGEST_PAUSE_MS);
}
