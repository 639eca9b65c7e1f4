// How a load goes, on standard error while it runs: one line rewritten on a terminal, a line a second elsewhere.

import type { Screen } from "../output.ts";
import { duration, whole } from "../figures.ts";
import type { IntervalReport } from "./results.ts";

/** Shows how a load of `length` seconds goes (`Infinity` where nobody knows). */
export class LoadProgress {
  readonly #screen: Screen;
  readonly #length: number;
  #errors = 0;

  /** Nothing is shown yet. */
  constructor(screen: Screen, length: number) {
    this.#screen = screen;
    this.#length = length;
  }

  /** A moment has passed. */
  moment(moment: IntervalReport): void {
    const { isTerminal, width } = this.#screen;
    this.#errors += moment.errors;
    const line = moment.at <= 0
      ? `warming up, ${(-moment.at).toFixed(1)} s left`
      : this.#line(moment);
    // A line that wraps could not be rewritten.
    if (isTerminal) this.#screen.write(`\r\x1b[K${line.slice(0, width() - 1)}`);
    else this.#screen.write(line + "\n");
  }

  #line({ at, seconds, ok, p50, p99, most }: IntervalReport): string {
    const of = Number.isFinite(this.#length) ? ` of ${this.#length.toFixed(0)}` : "";
    const rate = seconds > 0 ? ok / seconds : 0;
    return `${at.toFixed(1)}${of} s  ${whole(rate)}/s  p50 ${duration(p50)}  p99 ${
      duration(p99)
    }  ` +
      `most ${duration(most)}  ERR ${whole(this.#errors)}`;
  }

  /** Clears the line. */
  end(): void {
    if (this.#screen.isTerminal) this.#screen.write("\r\x1b[K");
  }
}
