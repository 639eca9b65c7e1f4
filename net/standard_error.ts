// The standard error of this process. Every log line goes through it.

import { fstatSync } from "node:fs";
import { LineWriter } from "./line_writer.ts";

let writer: LineWriter | undefined;

/** Standard error. A process may end while nobody reads it: waiting lines get a moment to be written, then are lost. */
export function standardError(): LineWriter {
  if (writer !== undefined) return writer;
  const made = new LineWriter({
    write(bytes) {
      const writing = Deno.stderr.write(bytes);
      unref(writing);
      return writing;
    },
    writeSync: needsReader() ? undefined : (bytes) => Deno.stderr.writeSync(bytes),
  });
  globalThis.addEventListener("unload", () => made.flushNow());
  return writer = made;
}

/** Lets the process end while the promise is pending, as `Deno.unrefTimer` does for timers. */
function unref(promise: Promise<unknown>): void {
  // A write to a pipe that nobody reads would keep the process alive for ever, and Deno has no public way to prevent
  // it.
  const runtime = Deno as unknown as Record<
    symbol,
    { core?: { unrefOpPromise?: (promise: Promise<unknown>) => void } } | undefined
  >;
  const { internal } = Deno as unknown as { internal: symbol };
  runtime[internal]?.core?.unrefOpPromise?.(promise);
}

/** Whether writes may wait for a reader: true for a pipe, and where Deno cannot tell. */
function needsReader(): boolean {
  if (Deno.stderr.isTerminal()) return false;
  try {
    return !fstatSync(2).isFile();
  } catch {
    return true;
  }
}
