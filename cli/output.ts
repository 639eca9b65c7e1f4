// Standard output and standard error, whoever reads them: the one way out of every command.

import { standardError } from "../net/standard_error.ts";
import { retryBlockedSync } from "../net/retry_blocked.ts";
import { writeOutput, writeOutputSync } from "../net/standard_output.ts";
import { printable, printableLines } from "../protocol/printable.ts";
import { reason } from "./reason.ts";
import { painter, type Style } from "./style.ts";
import { printableBody } from "./printable_body.ts";

/** The exit code of a program that SIGPIPE ended, as shells tell it. */
export const CLOSED_PIPE = 128 + 13;

const encoder = new TextEncoder();
const isTerminal = Deno.stdout.isTerminal();
const paint = painter(isTerminal && !Deno.noColor);

/** Whoever read standard output has gone, such as `head`: nothing more is wanted. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/**
 * Writes all of it: into a pipe or a file as it is, to a terminal with all escaped that one would act upon but line
 * feeds and tabs. Throws `OutputClosed`.
 */
export function print(text: string | Uint8Array): void {
  if (!isTerminal) write(typeof text === "string" ? encoder.encode(text) : text);
  else draw(typeof text === "string" ? printableLines(text) : printableBody(text));
}

/** As `print`, in a style where there are colours. */
export function printStyled(style: Style, text: string): void {
  if (!isTerminal) print(text);
  else draw(paint(style, printableLines(text)));
}

/** Writes to a terminal what is made for it; no text from elsewhere stands in it that is not `printable`. */
export function draw(text: string): void {
  write(encoder.encode(text));
}

/**
 * Writes a line that nobody needs: where standard output is closed, nothing happens; where it cannot be written, such as
 * to a full disk, standard error tells why, and has the line.
 */
export function announce(line: string): void {
  try {
    print(printable(line) + "\n");
  } catch (error) {
    if (!(error instanceof OutputClosed)) complain(error, line);
  }
}

/**
 * Standard output for many who write beside each other: in order, as it is, and without holding up anything else. After
 * the first failure nothing more is written, for what failed may have left half a line.
 */
export class SharedOutput {
  readonly #onFailure: (error: Error) => void;
  #last: Promise<void> = Promise.resolve();

  /** `onFailure` is told once why it cannot be written any more: `OutputClosed`, or an `Error` that says it. */
  constructor(onFailure: (error: Error) => void) {
    this.#onFailure = onFailure;
  }

  /** Resolves once all of it is written. Rejects where that, or what was written before, fails. */
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

/** Writes all of it, however long a pipe is full that another process has made non-blocking. */
export function writeAllSync(
  to: { writeSync(bytes: Uint8Array): number },
  bytes: Uint8Array,
): void {
  for (let at = 0; at < bytes.length;) {
    at += retryBlockedSync(() => to.writeSync(bytes.subarray(at)));
  }
}

/** Where the progress of something is shown. */
export interface Screen {
  readonly isTerminal: boolean;
  /** Columns of the terminal. */
  readonly width: () => number;
  write(text: string): void;
}

/** Standard error, for figures of ours. */
export const errorScreen: Screen = {
  isTerminal: Deno.stderr.isTerminal(),
  width: () => Deno.consoleSize().columns,
  write: (text) => standardError().text(text),
};

/** Says on standard error what went wrong, and below it a hint of ours. No text from elsewhere acts on a terminal. */
export function complain(what: unknown, hint?: string): void {
  standardError().line(complaint(what));
  if (hint !== undefined) note(hint);
}

/** Says on standard error how something goes. */
export function note(text: string): void {
  standardError().line(printable(text));
}

/** As `note`, for work that leaves the event loop no turn until its end. */
export function noteNow(text: string): void {
  standardError().lineNow(printable(text));
}

/** What `complain` says. Its further lines begin with spaces, so that no text from elsewhere looks like another one. */
export function complaint(what: unknown): string {
  return `lineup: ${reason(what).trimEnd().split(/\r?\n/).map(printable).join("\n  ")}`;
}

/** Resolves once there is room for more on standard error: for those who say much, one thing after the other. */
export async function heard(): Promise<void> {
  if (standardError().isFull) await standardError().flush(Infinity);
}

/** Resolves once standard error has all that was said, or is not read. */
export async function said(): Promise<void> {
  await standardError().flush();
}
