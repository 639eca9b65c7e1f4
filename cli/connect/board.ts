// Output above the prompt, and when the screen is drawn.

import type { StyledText } from "../styled_text.ts";
import type { Screen, View } from "./screen.ts";
import type { Paint } from "../style.ts";
import { printable } from "../../protocol/printable.ts";

/** Beyond this many characters output is drawn at once. */
const MOST_PENDING = 1 << 18;

/** A screen that takes lines and is drawn once a turn of the event loop. */
export class Board {
  readonly #screen: Screen;
  readonly #paint: Paint;
  readonly #view: () => View | undefined;
  #scheduled = false;

  /** `view` is called at each drawing; with `undefined` nothing is drawn. */
  constructor(screen: Screen, paint: Paint, view: () => View | undefined) {
    this.#screen = screen;
    this.#paint = paint;
    this.#view = view;
  }

  /** Adds lines, each with its line feed. */
  add(lines: string): void {
    this.#screen.print(lines);
    this.schedule();
  }

  /** Adds a line of styled texts. */
  addStyled(texts: readonly StyledText[]): void {
    this.add(texts.map(({ text, style }) => this.#paint(style, text)).join("") + "\n");
  }

  /** Adds a message of the terminal itself. */
  say(text: string): void {
    this.addStyled([{ text: `-- ${printable(text)}`, style: "note" }]);
  }

  /** The characters of output that are not drawn yet. */
  get pending(): number {
    return this.#screen.pending;
  }

  /** Draws at the end of this turn, or at once if there is much output. */
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

  /** Shows the output so far and removes the prompt. */
  leave(): void {
    this.#screen.leave();
  }
}
