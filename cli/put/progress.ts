// How far `lineup put --lines` is: one line on a terminal, rewritten.

import type { Screen } from "../output.ts";

const TICK_MS = 250;

/** Shows how many jobs were put. Disposing ends it. */
export class PutProgress implements Disposable {
  readonly #screen: Screen;
  readonly #began = performance.now();
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #answered = 0;
  #failed = 0;
  #shown = false;

  /** Nothing is shown yet; nothing ever is where it is not `wanted`. */
  constructor(screen: Screen, wanted: boolean) {
    this.#screen = screen;
    this.#timer = wanted ? setInterval(() => this.#show(), TICK_MS) : undefined;
  }

  /** So many more were answered; so many failed so far. */
  count(answered: number, failed: number): void {
    this.#answered += answered;
    this.#failed = failed;
  }

  #show(): void {
    const put = this.#answered - this.#failed;
    const seconds = (performance.now() - this.#began) / 1000;
    const rate = Math.round(put / seconds).toLocaleString("en");
    const failed = this.#failed > 0 ? `, ${this.#failed.toLocaleString("en")} failed` : "";
    const line = `${put.toLocaleString("en")} put${failed}, ${rate}/s`;
    // A line that wraps could not be rewritten.
    this.#screen.write(`\r\x1b[K${line.slice(0, this.#screen.width() - 1)}`);
    this.#shown = true;
  }

  /** Makes room for other lines, until the next tick. */
  clear(): void {
    if (this.#shown) this.#screen.write("\r\x1b[K");
    this.#shown = false;
  }

  /** Leaves the last line where it is. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#timer === undefined || this.#answered === 0) return;
    this.#show();
    this.#screen.write("\n");
    this.#shown = false;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.clear();
  }
}
