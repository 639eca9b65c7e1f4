// Standard output and standard error: each command writes here and nowhere else.

import { standardError } from "../net/standard_error.ts";
import { retryBlockedSync } from "../net/retry_blocked.ts";
import { writeOutput, writeOutputSync } from "../net/standard_output.ts";
import { printable, printableLines } from "../protocol/printable.ts";
import { reason } from "./reason.ts";
import { painter, type Style } from "./style.ts";
import { printableBody } from "./printable_body.ts";

/** The exit code of a program that SIGPIPE ended, as a shell reports it. */
export const CLOSED_PIPE = 128 + 13;

const encoder = new TextEncoder();
const isTerminal = Deno.stdout.isTerminal();
const paint = painter(isTerminal && !Deno.noColor);

/** The reader of standard output, such as `head`, has closed it. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/**
 * Writes all of a text. A pipe or a file gets it as it is. For a terminal all controls but line feeds and tabs are
 * escaped. Throws `OutputClosed`.
 */
export function print(text: string | Uint8Array): void {
  if (!isTerminal) write(typeof text === "string" ? encoder.encode(text) : text);
  else draw(typeof text === "string" ? printableLines(text) : printableBody(text));
}

/** As `print`, in a style if standard output has colours. */
export function printStyled(style: Style, text: string): void {
  if (!isTerminal) print(text);
  else draw(paint(style, printableLines(text)));
}

/** Writes escape codes and text to a terminal. The caller has made all text from elsewhere `printable`. */
export function draw(text: string): void {
  write(encoder.encode(text));
}

/**
 * Writes a line that is not needed. A closed standard output is ignored. Another failure, such as a full disk, is reported
 * on standard error together with the line.
 */
export function announce(line: string): void {
  try {
    print(printable(line) + "\n");
  } catch (error) {
    if (!(error instanceof OutputClosed)) complain(error, line);
  }
}

/**
 * Standard output for several concurrent writers: their bytes go out in order, without blocking the event loop. After a
 * failure nothing more is written, because half a line may have been written.
 */
export class SharedOutput {
  readonly #onFailure: (error: Error) => void;
  #last: Promise<void> = Promise.resolve();

  /** `onFailure` gets the first failure: `OutputClosed`, or an `Error` with the reason. */
  constructor(onFailure: (error: Error) => void) {
    this.#onFailure = onFailure;
  }

  /** Resolves once all bytes are written. Rejects if this or an earlier write fails. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#last = this.#last.then(() => this.#writeAll(bytes));
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) at += await writeOutput(bytes.subarray(at));
    } catch (error) {
      const failure = writeFailure(error);
      this.#onFailure(failure);
      throw failure;
    }
  }
}

function write(bytes: Uint8Array): void {
  try {
    writeOutputSync(bytes);
  } catch (error) {
    throw writeFailure(error);
  }
}

function writeFailure(error: unknown): Error {
  const { BrokenPipe, BadResource } = Deno.errors;
  if (error instanceof BrokenPipe || error instanceof BadResource) {
    return new OutputClosed("standard output is closed", { cause: error });
  }
  return new Error(`standard output cannot be written: ${reason(error)}`, { cause: error });
}

/** Writes all bytes. A full pipe that another process has made non-blocking is tried again. */
export function writeAllSync(
  to: { writeSync(bytes: Uint8Array): number },
  bytes: Uint8Array,
): void {
  for (let at = 0; at < bytes.length;) {
    at += retryBlockedSync(() => to.writeSync(bytes.subarray(at)));
  }
}

/** Reports a problem on standard error, and a hint below it. Controls are escaped. */
export function complain(what: unknown, hint?: string): void {
  standardError().line(complaint(what));
  if (hint !== undefined) note(hint);
}

/** Writes a line on standard error. Controls are escaped. */
export function note(text: string): void {
  standardError().line(printable(text));
}

/** As `note`, for work that blocks the event loop until its end. */
export function noteNow(text: string): void {
  standardError().lineNow(printable(text));
}

/** The text that `complain` writes. Further lines begin with spaces: text from elsewhere cannot look like a line of ours. */
export function complaint(what: unknown): string {
  return `lineup: ${reason(what).trimEnd().split(/\r?\n/).map(printable).join("\n  ")}`;
}

/** Resolves once standard error has room for more. Whoever writes much waits for it. */
export async function heard(): Promise<void> {
  if (standardError().isFull) await standardError().flush(Infinity);
}

/** Resolves once standard error has got everything, or its reader does not read. */
export async function said(): Promise<void> {
  await standardError().flush();
}
