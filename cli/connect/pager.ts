// `/page`: a long text a page at a time, on the alternate screen.
//
// Ours, because less reads the same keyboard as this process, and a pending read of Deno cannot be given up.

import type { Key } from "../keys.ts";
import type { Device } from "../raw_terminal.ts";
import type { Paint } from "../style.ts";
import { fit, graphemes, width, wrap } from "../text_width.ts";

const SCREEN_ON = "\x1b[?1049h\x1b[?25l", SCREEN_OFF = "\x1b[?25h\x1b[?1049l";
const KEYS = "q: leave; space, b: a page on, back; arrows: a line; g, G: begin, end; / n: find";
/** The columns for the request in the last row. */
const TITLE_WIDTH = 24;

/** A text on the alternate screen. */
export class Pager {
  readonly #lines: readonly string[];
  readonly #title: string;
  readonly #device: Device;
  readonly #paint: Paint;
  #columns = 0;
  #rows: string[] = [];
  #top = 0;
  /** The text that is being typed behind `/`. */
  #typed: string | undefined;
  #sought = "";
  #notice = "";

  /** Shows the first page. The lines hold no controls. */
  constructor(title: string, lines: readonly string[], device: Device, paint: Paint) {
    this.#title = title;
    this.#lines = lines;
    this.#device = device;
    this.#paint = paint;
    device.write(SCREEN_ON);
    this.draw();
  }

  /** Takes a key. Returns whether it leaves. */
  press(key: Key): boolean {
    this.#notice = "";
    const leaves = key.kind === "press" ? this.#key(key.name) : this.#text(key.text);
    if (!leaves) this.draw();
    return leaves;
  }

  /** Takes typed characters, each of which may be a key of its own. */
  #text(text: string): boolean {
    for (const character of graphemes(text)) {
      if (this.#typed !== undefined) this.#typed += character.replaceAll("\n", " ");
      else if (this.#move(character)) return true;
    }
    return false;
  }

  /** Takes a key with a name. */
  #key(name: string): boolean {
    const typed = this.#typed;
    if (typed === undefined) return this.#move(name);
    if (name === "backspace") this.#typed = typed.slice(0, -1);
    else {
      this.#typed = undefined;
      if (name !== "enter") return false;
      if (typed !== "") this.#sought = typed;
      this.#seek();
    }
    return false;
  }

  /** Gives the screen back. */
  leave(): void {
    this.#device.write(SCREEN_OFF);
  }

  /** The rows of text on a page. */
  get #height(): number {
    return Math.max(1, this.#device.size().rows - 1);
  }

  #move(name: string): boolean {
    switch (name) {
      case "q":
      case "Q":
      case "escape":
      case "C-c":
      case "C-d":
        return true;
      case " ":
      case "f":
      case "page-down":
        this.#top += this.#height;
        break;
      case "b":
      case "page-up":
        this.#top -= this.#height;
        break;
      case "enter":
      case "down":
      case "j":
        this.#top++;
        break;
      case "up":
      case "k":
        this.#top--;
        break;
      case "g":
      case "home":
        this.#top = 0;
        break;
      case "G":
      case "end":
        this.#top = Infinity;
        break;
      case "/":
        this.#typed = "";
        break;
      case "n":
        this.#seek();
    }
    return false;
  }

  #seek(): void {
    if (this.#sought === "") return;
    const at = this.#rows.findIndex((row, at) => at > this.#top && row.includes(this.#sought));
    if (at === -1) this.#notice = `no more ${this.#sought} below`;
    else this.#top = at;
  }

  /** Draws the page, at the present size of the terminal. */
  draw(): void {
    const { columns } = this.#device.size();
    if (columns !== this.#columns) this.#wrap(columns);
    const height = this.#height;
    this.#top = Math.max(0, Math.min(this.#top, this.#rows.length - height));
    const shown = this.#rows.slice(this.#top, this.#top + height);
    while (shown.length < height) shown.push("~");
    const last = Math.min(this.#rows.length, this.#top + height);
    const state = this.#typed !== undefined ? `/${this.#typed}` : this.#notice ||
      `${fit(this.#title, TITLE_WIDTH)}  ${last} of ${this.#rows.length}  ${KEYS}`;
    const rows = [
      ...shown.map((row) => this.#paint(row === "~" ? "dim" : "plain", row)),
      this.#paint("chosen", fit(state, columns - 1)),
    ];
    this.#device.write("\x1b[H" + rows.map((row) => `${row}\x1b[K`).join("\r\n"));
  }

  /** Breaks the lines for a width; the first row of the page stays on it. */
  #wrap(columns: number): void {
    const share = this.#rows.length === 0 ? 0 : this.#top / this.#rows.length;
    this.#columns = columns;
    this.#rows = this.#lines.flatMap((line) => rowsOf(line, columns));
    this.#top = Math.floor(share * this.#rows.length);
  }
}

/** The rows of a line. All of them have its indentation. */
function rowsOf(line: string, columns: number): string[] {
  if (width(line) <= columns) return [line];
  const indent = /^ */.exec(line)![0].slice(0, columns / 2);
  return wrap(line.slice(indent.length), columns - indent.length).map((row) => indent + row);
}
