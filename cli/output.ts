// Standard output and standard error, whoever reads them.

import { printable } from "./terminal/text.ts";

/** The exit code of a program that SIGPIPE ended, as shells tell it. */
export const CLOSED_PIPE = 128 + 13;

const encoder = new TextEncoder();

/** Whoever read standard output has gone, such as `head`: nothing more is wanted. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** Writes all of it. Throws `OutputClosed`. */
export function print(text: string | Uint8Array): void {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    throw new OutputClosed("standard output is closed", { cause: error });
  }
}

/** Where the progress of something is shown. */
export interface Screen {
  readonly isTerminal: boolean;
  /** Columns of the terminal. */
  readonly width: () => number;
  write(text: string): void;
}

/** Standard error. */
export const standardError: Screen = {
  isTerminal: Deno.stderr.isTerminal(),
  width: () => Deno.consoleSize().columns,
  write(text) {
    const bytes = encoder.encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
    } catch (error) {
      // Nobody looks any more; the work goes on.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  },
};

/** Says on standard error what went wrong. What a server or a file had to do with it cannot act on the terminal. */
export function complain(what: unknown): void {
  console.error(complaint(what));
}

/** What `complain` says. */
export function complaint(what: unknown): string {
  return `lineup: ${reason(what).split("\n").map(printable).join("\n")}`;
}

/** Why something failed, in the words of the system, without the numbers and calls that Deno puts around them. */
export function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error [0-9]+\)/g, "").replace(/: [a-z]+ '[^']*'$/, "");
}
