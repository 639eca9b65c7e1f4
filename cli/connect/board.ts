// What is printed above the line, and when all of it is shown.

import type { StyledText } from "../styled_text.ts";
import type { Screen, View } from "./screen.ts";
import type { Paint } from "../style.ts";
import { printable } from "../../protocol/printable.ts";

// How much output is gathered before it is shown, however much comes at once.
const MOST_PENDING = 1 << 18;

/** The screen, written to in lines and drawn once a turn. */
export class Board {
  readonly #screen: Screen;
  readonly #paint: Paint;
  readonly #view: () => View | undefined;
  #scheduled = false;

  /** `view` is asked at each drawing; `undefined` where nothing is to be drawn. */
  constructor(screen: Screen, paint: Paint, view: () => View | undefined) {
    this.#screen = screen;
    this.#paint = paint;
    this.#view = view;
  }

  /** Adds lines; the last has its end. */
  add(lines: string): void {
    this.#screen.print(lines);
    this.schedule();
  }

  /** Adds a line of spans. */
  addSpans(spans: readonly StyledText[]): void {
    this.add(spans.map(({ text, style }) => this.#paint(style, text)).join("") + "\n");
  }

  /** Something from the terminal itself. */
  say(text: string): void {
    this.addSpans([{ text: `-- ${printable(text)}`, style: "note" }]);
  }

  /** Draws at the end of this turn, or at once where much waits. */
  schedule(): void {
    if (this.#screen.pending > MOST_PENDING) return this.draw();
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.draw();
    });
  }

  /** Draws now. */
  draw(): void {
    const view = this.#view();
    if (view !== undefined) this.#screen.draw(view);
  }

  /** Empties the screen. */
  clear(): void {
    this.#screen.clear();
  }

  /** Shows what waits, and leaves the screen to others. */
  leave(): void {
    this.#screen.leave();
  }
}
