// The progress of a load while it runs: one line that is rewritten on a terminal, a line a second elsewhere.

import { duration, whole } from "../figures.ts";
import type { StatusLine } from "../status_line.ts";
import type { IntervalReport } from "./report.ts";

/** Shows each interval of a load. */
export class LoadProgress {
  readonly #line: StatusLine;
  readonly #seconds: number;
  #errors = 0;

  /** Shows nothing yet. `seconds` is the length of the run, `Infinity` if it is not known. */
  constructor(line: StatusLine, seconds: number) {
    this.#line = line;
    this.#seconds = seconds;
  }

  /** Shows an interval that has ended. */
  add(interval: IntervalReport): void {
    this.#errors += interval.errors;
    this.#line.show(
      interval.at <= 0
        ? `warming up, ${(-interval.at).toFixed(1)} s left`
        : this.#figures(interval),
    );
  }

  #figures({ at, seconds, ok, p50, p99, most }: IntervalReport): string {
    const length = Number.isFinite(this.#seconds) ? ` of ${this.#seconds.toFixed(0)}` : "";
    return [
      `${at.toFixed(1)}${length} s`,
      `${whole(seconds > 0 ? ok / seconds : 0)}/s`,
      `p50 ${duration(p50)}`,
      `p99 ${duration(p99)}`,
      `most ${duration(most)}`,
      `ERR ${whole(this.#errors)}`,
    ].join("  ");
  }

  /** Removes the line from a terminal. */
  end(): void {
    this.#line.clear();
  }
}
