// The progress of `lineup put --lines`, on a terminal.

import { whole } from "../figures.ts";
import { StatusLine } from "../status_line.ts";

const TICK_MS = 250;

/** Counts jobs, and shows the counts four times a second. Disposing ends it. */
export class PutProgress implements Disposable {
  readonly #line = new StatusLine();
  readonly #began = performance.now();
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #answered = 0;
  #failed = 0;

  /** Shows nothing yet, and nothing ever if it is not `wanted` or standard error is not a terminal. */
  constructor(wanted: boolean) {
    const isShown = wanted && this.#line.isTerminal;
    this.#timer = isShown ? setInterval(() => this.#show(), TICK_MS) : undefined;
  }

  /** Adds the jobs that were answered since the last call; `failed` counts from the beginning. */
  count(answered: number, failed: number): void {
    this.#answered += answered;
    this.#failed = failed;
  }

  #show(): void {
    const put = this.#answered - this.#failed;
    const seconds = (performance.now() - this.#began) / 1000;
    const failed = this.#failed > 0 ? `, ${whole(this.#failed)} failed` : "";
    this.#line.show(`${whole(put)} put${failed}, ${whole(put / seconds)}/s`);
  }

  /** Makes room for other lines, until the next update. */
  clear(): void {
    this.#line.clear();
  }

  /** Shows the last counts, and leaves them on the terminal. */
  end(): void {
    if (this.#timer === undefined || this.#answered === 0) return;
    clearInterval(this.#timer);
    this.#show();
    this.#line.keep();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.clear();
  }
}
