// Printing the outcome of each job: its number, a line of JSON, or a message on standard error.

import { Refusal } from "../../client/mod.ts";
import { executedOf, isPassing } from "../../client/retry.ts";
import { complain, print } from "../output.ts";
import { isLoss, type PutOutcome } from "./pipeline.ts";
import type { PutProgress } from "./progress.ts";

/** How outcomes are printed. */
export interface OutcomeFormat {
  readonly json: boolean;
  /** Whether each job is a line of the input. */
  readonly lines: boolean;
}

/** Prints outcomes and counts the failed jobs. */
export class OutcomePrinter {
  readonly #format: OutcomeFormat;
  readonly #progress: PutProgress;
  /** The number of jobs that failed. */
  failed = 0;
  /** The number of jobs that were in the queue already. */
  duplicates = 0;
  /** The number of the first job that may not be in the queue, and that another run may put there. */
  uncertain: number | undefined;

  /** `progress` gives way to each message. */
  constructor(format: OutcomeFormat, progress: PutProgress) {
    this.#format = format;
    this.#progress = progress;
  }

  /** Prints the outcomes of jobs, in order. Throws `OutputClosed`. */
  print(outcomes: readonly PutOutcome[]): void {
    const { json, lines } = this.#format;
    this.#progress.clear();
    let out = "";
    for (const outcome of outcomes) {
      const { number, result } = outcome;
      const isFailure = result instanceof Error;
      if (isFailure) {
        this.failed++;
        if (isPassing(result) || executedOf(result) === "maybe") this.uncertain ??= number;
      } else if (result.duplicate) this.duplicates++;
      if (json) out += JSON.stringify(toJson(outcome, lines)) + "\n";
      else if (isFailure) complain((lines ? `line ${number}: ` : "") + messageOf(result));
      else out += `${result.id}\n`;
    }
    if (out !== "") print(out);
    this.#progress.count(outcomes.length, this.failed);
  }
}

function messageOf(error: Error): string {
  const text = error instanceof Refusal ? `${error.code}: ${error.message}` : error.message;
  if ((error as Partial<Refusal>).executed !== "maybe") return text;
  return `${text.replace(/\.$/, "")}; the job may be in the queue`;
}

function toJson({ number, result }: PutOutcome, lines: boolean): object {
  const line = lines ? { line: number } : undefined;
  if (!(result instanceof Error)) return { ...line, ...result };
  const { message, executed } = result as Error & Partial<Refusal>;
  const { code, retry, details } = result instanceof Refusal
    ? result
    : { code: isLoss(result) ? "connection-lost" : "internal" } as Partial<Refusal>;
  return { ...line, error: { ...details, code, message, retry, executed } };
}
