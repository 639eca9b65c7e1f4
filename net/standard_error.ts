// Standard error of this process. All that is logged goes through here.

import { fstatSync } from "node:fs";
import { LineWriter } from "./line_writer.ts";

let writer: LineWriter | undefined;

/** Standard error. A process may end while it is not read: what waits is given a moment, and then is lost. */
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
  // Deno has no public way: a write to a pipe that nobody reads would keep the process for ever.
  const runtime = Deno as unknown as Record<
    symbol,
    { core?: { unrefOpPromise?: (promise: Promise<unknown>) => void } } | undefined
  >;
  const { internal } = Deno as unknown as { internal: symbol };
  runtime[internal]?.core?.unrefOpPromise?.(promise);
}

/** Whether what is written must be read before there is room for more: that of a pipe, or what cannot be known. */
function needsReader(): boolean {
  if (Deno.stderr.isTerminal()) return false;
  try {
    return !fstatSync(2).isFile();
  } catch {
    return true;
  }
}
