// The progress of `lineup work` on a terminal, between the lines of its programs, and a summary at the end.

import type { WorkCounts } from "../../client/mod.ts";
import { age, digits, whole } from "../figures.ts";
import { note } from "../output.ts";
import { StatusLine } from "../status_line.ts";
import type { LineSink } from "./outputs.ts";

const TICK_MS = 250;

/** The numbers of a worker at a moment. */
export interface WorkFigures {
  readonly counts: WorkCounts;
  /** The number of running programs. */
  readonly running: number;
}

/** Shows the figures of a worker four times a second. Disposing ends it. */
export class WorkProgress implements Disposable {
  readonly #line = new StatusLine();
  readonly #read: () => WorkFigures;
  readonly #began = performance.now();
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  /** The outputs that are being written. */
  #writing = 0;

  /** Shows nothing ever if it is not `wanted` or standard error is not a terminal. */
  constructor(wanted: boolean, read: () => WorkFigures) {
    this.#read = read;
    const isShown = wanted && this.#line.isTerminal;
    this.#timer = isShown ? setInterval(() => this.#show(), TICK_MS) : undefined;
  }

  #show(): void {
    if (this.#writing > 0) return;
    const { counts, running } = this.#read();
    this.#line.show([`${whole(running)} running`, ...this.#words(counts)].join("  "));
  }

  #words({ done, failed, dead, released, lost }: WorkCounts): string[] {
    const optional = { failed, dead, "given back": released, lost };
    const perSecond = digits(done / Math.max(0.001, (performance.now() - this.#began) / 1000));
    return [
      `${whole(done)} done`,
      ...Object.entries(optional).filter(([, count]) => count > 0)
        .map(([word, count]) => `${whole(count)} ${word}`),
      `${perSecond}/s`,
    ];
  }

  /** Makes room for other lines, until the next update. */
  clear(): void {
    this.#line.clear();
  }

  /** A sink that makes room for what it writes. */
  beside(sink: LineSink): LineSink {
    return {
      write: async (bytes) => {
        this.clear();
        this.#writing++;
        try {
          await sink.write(bytes);
        } finally {
          this.#writing--;
        }
      },
    };
  }

  /** Removes the line, and leaves a summary on the terminal. */
  end(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.clear();
    const time = age(performance.now() - this.#began);
    note(`${this.#words(this.#read().counts).join(", ")} in ${time}`);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.clear();
  }
}
