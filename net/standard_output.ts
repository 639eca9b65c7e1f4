// The standard output of this process, written in pieces that either go out whole or not at all.
//
// Deno buffers output up to the end of a line. Where another process has made a full pipe non-blocking, Deno reports
// that without the number of bytes that went out. So each write is a piece that ends a line, or is longer than Deno's
// buffer: Deno passes it on at once, and a pipe takes it whole or refuses it. A shorter piece stays in the buffer.

import { retryBlocked, retryBlockedSync } from "./retry_blocked.ts";

const LF = 10;
/** The bytes that a pipe takes as a whole (PIPE_BUF), and the size of the buffer of Rust's standard output. */
const MOST_AT_ONCE = 4096, BUFFERED = 1024;
const NOTHING = new Uint8Array(0);

/** The methods of `Deno.stdout` that are used here. */
interface StandardStream {
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
}

/** The piece that begins at `at`, and whether Deno's buffer keeps it where the pipe refuses it. */
function pieceAt(bytes: Uint8Array, at: number): { piece: Uint8Array; isBuffered: boolean } {
  const most = bytes.subarray(at, at + MOST_AT_ONCE);
  const line = most.lastIndexOf(LF) + 1;
  const piece = line > 0 ? most.subarray(0, line) : most;
  return { piece, isBuffered: line === 0 && piece.length < BUFFERED };
}

/** Writes all bytes and stops the thread until they are written. Throws Deno's errors. */
export function writeOutputSync(bytes: Uint8Array, to: StandardStream = Deno.stdout): void {
  for (let at = 0; at < bytes.length;) {
    const { piece, isBuffered } = pieceAt(bytes, at);
    at += retryBlockedSync((again) => {
      if (!again || !isBuffered) return to.writeSync(piece);
      // The piece is in the buffer: an empty write passes it on.
      to.writeSync(NOTHING);
      return piece.length;
    });
  }
}

/** Writes a piece; resolves with its number of bytes once they are written. Rejects with Deno's errors. */
export function writeOutput(bytes: Uint8Array, to: StandardStream = Deno.stdout): Promise<number> {
  const { piece, isBuffered } = pieceAt(bytes, 0);
  return retryBlocked(async (again) => {
    if (!again || !isBuffered) return await to.write(piece);
    await to.write(NOTHING);
    return piece.length;
  });
}
