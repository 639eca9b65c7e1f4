// The standard output and error of workers.

import { standardError } from "../../net/standard_error.ts";
import { printable } from "../../protocol/printable.ts";

// A longer line is passed on in pieces.
const LONGEST_LINE = 16_384;
// A process that a worker has started may keep the output open.
const LAST_MS = 100;

/**
 * Passes the output of a worker on to the server's standard error: whole lines that cannot act on a terminal. The
 * handler never waits: where standard error is not read, lines are dropped. The server's standard output is its own.
 */
export class Printed {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #passed: Promise<void>;
  readonly #label: (line: string) => string;

  /** `label` makes what is passed on of each line. */
  constructor(
    output: ReadableStream<Uint8Array>,
    label: (line: string) => string = (line) => line,
  ) {
    this.#label = label;
    this.#reader = output.getReader();
    this.#passed = this.#pass().catch(() => {});
  }

  /** Resolves once all output from before the end of the process is passed on. */
  async end(): Promise<void> {
    const late = setTimeout(() => this.#reader.cancel().catch(() => {}), LAST_MS);
    await this.#passed;
    clearTimeout(late);
  }

  async #pass(): Promise<void> {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    let rest = "";
    for (let chunk; (chunk = (await this.#reader.read()).value) !== undefined;) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) print(this.#label(line));
      for (; rest.length > LONGEST_LINE; rest = rest.slice(LONGEST_LINE)) {
        print(this.#label(rest.slice(0, LONGEST_LINE)));
      }
    }
    if (rest !== "") print(this.#label(rest));
  }
}

function print(line: string): void {
  standardError().line(printable(line.endsWith("\r") ? line.slice(0, -1) : line));
}
