// The prompt, the line and the rows below it, at the bottom of a terminal. Output goes above them.

import type { Device } from "../raw_terminal.ts";
import type { Paint } from "../style.ts";
import { cut, type StyledText, styledWidth } from "../styled_text.ts";
import { fit, graphemes, width } from "../text_width.ts";

/** The content of a screen. */
export interface View {
  /** The prompt and the text before the cursor. */
  readonly before: readonly StyledText[];
  /** The text after the cursor. */
  readonly after: readonly StyledText[];
  /** A hint after `after`, cut at the end of the row. */
  readonly rest: string;
  /** The rows below, each cut to the width of the terminal. */
  readonly below: readonly (readonly StyledText[])[];
}

/** A place on the screen, relative to the beginning of the prompt. */
interface CursorPosition {
  row: number;
  column: number;
}

/** A screen. It remembers the view, so that it can erase and draw it again. */
export class Screen {
  readonly #device: Device;
  readonly #paint: Paint;
  #view: View | undefined;
  #pending = "";

  /** Nothing is drawn yet; the cursor must be in the first column. */
  constructor(device: Device, paint: Paint) {
    this.#device = device;
    this.#paint = paint;
  }

  /** Draws a view, and above it all output since the last drawing. */
  draw(view: View): void {
    const { columns, rows } = this.#device.size();
    const shown = clip(view, Math.max(columns, 8), Math.max(rows, 2));
    this.#device.write(
      "\x1b[?25l" + this.#erase() + this.#pending + this.#block(shown) + "\x1b[?25h",
    );
    this.#pending = "";
    this.#view = shown;
  }

  /** Adds output, which ends in a line feed, for the next `draw`. */
  print(text: string): void {
    this.#pending += text.replaceAll("\n", "\r\n");
  }

  /** The characters of output that wait for `draw`. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Erases the view and shows the output. The cursor is then in the first column. */
  leave(): void {
    this.#device.write(this.#erase() + this.#pending);
    this.#pending = "";
    this.#view = undefined;
  }

  /** Clears the terminal; the next view is drawn at its top. */
  clear(): void {
    this.#device.write("\x1b[H\x1b[2J");
    this.#view = undefined;
  }

  /** The codes that erase the view. Its rows are measured again, because a resize changes them. */
  #erase(): string {
    if (this.#view === undefined) return "";
    const columns = Math.max(this.#device.size().columns, 8);
    const { row } = settle(advance({ row: 0, column: 0 }, this.#view.before, columns), columns);
    // Erased from its very first cell on, a terminal such as tmux keeps the screen in its history.
    return `\r${up(row)}\x1b[K \x1b[J\r`;
  }

  #block({ before, after, rest, below }: View): string {
    const columns = Math.max(this.#device.size().columns, 8);
    const start = { row: 0, column: 0 };
    const cursor = settle(advance(start, before, columns), columns);
    const end = advance(advance(start, before, columns), after, columns);
    let text = this.#styled(before) + this.#styled(after);
    // After a full row the cursor stays in that row until another character comes.
    if (end.column === columns) text += " \r\x1b[K";
    settle(end, columns);
    const hint = fit(rest, columns - end.column - 1);
    text += this.#paint("dim", hint);
    let row = end.row;
    for (const texts of below) {
      text += "\r\n" + this.#styled(cut(texts, columns - 1));
      row++;
    }
    return text + up(row - cursor.row) + "\r" + right(cursor.column);
  }

  #styled(texts: readonly StyledText[]): string {
    return texts.map(({ text, style }) => this.#paint(style, text)).join("");
  }
}

function up(rows: number): string {
  return rows > 0 ? `\x1b[${rows}A` : "";
}

function right(columns: number): string {
  return columns > 0 ? `\x1b[${columns}C` : "";
}

/** The place of the cursor after these texts. After a full row `column` is the width. */
function advance(
  from: CursorPosition,
  texts: readonly StyledText[],
  columns: number,
): CursorPosition {
  let { row, column } = from;
  for (const { text } of texts) {
    for (const each of graphemes(text)) {
      const wide = width(each);
      // A wide character does not fit into a last column of one.
      if (column + wide > columns) {
        row++;
        column = 0;
      }
      column += wide;
    }
  }
  return { row, column };
}

/** Moves a place after a full row to the next row. */
function settle(place: CursorPosition, columns: number): CursorPosition {
  if (place.column === columns) {
    place.row++;
    place.column = 0;
  }
  return place;
}

/** The view, cut to fit on the terminal. Of a longer line the part around the cursor is kept. */
function clip(view: View, columns: number, rows: number): View {
  const below = view.below.slice(0, Math.max(0, rows - 2));
  const cells = columns * Math.max(1, rows - 1 - below.length) - 1;
  const before = cut([...view.before].reverse(), cells, true).reverse();
  const used = styledWidth(before);
  const after = cut(view.after, Math.max(0, cells - used));
  return { before, after, rest: view.rest, below };
}
