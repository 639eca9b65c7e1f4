// A terminal of characters. It understands the cursor movements that `lineup connect` uses.

import type { Device } from "../../../cli/raw_terminal.ts";
import { graphemes, width } from "../../../cli/text_width.ts";

/** A terminal that throws at every control that `lineup connect` must not write. */
export class VirtualTerminal implements Device {
  /** All rows, including rows that scrolled away. */
  rows: string[][] = [[]];
  row = 0;
  column = 0;
  columns: number;
  height: number;
  /** All text that was written. */
  written = "";
  #onWrite: (() => void)[] = [];
  /** The first screen, while the alternate one is shown. */
  #left: { rows: string[][]; row: number; column: number } | undefined;

  constructor(columns = 80, height = 24) {
    this.columns = columns;
    this.height = height;
  }

  size(): { columns: number; rows: number } {
    return { columns: this.columns, rows: this.height };
  }

  write(text: string): void {
    this.written += text;
    // deno-lint-ignore no-control-regex
    const pieces = text.match(/\x1b\[[?0-9;]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+|[^]/g) ?? [];
    for (const piece of pieces) this.#piece(piece);
    for (const wake of this.#onWrite.splice(0)) wake();
  }

  /** The rows without blanks at their ends. */
  get text(): string {
    return this.rows.map((row) => row.join("").trimEnd()).join("\n").trimEnd();
  }

  /** Resolves once the text contains or matches this. */
  async see(what: string | RegExp): Promise<void> {
    const seen = (): boolean =>
      typeof what === "string" ? this.text.includes(what) : what.test(this.text);
    while (!seen()) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([
        new Promise<void>((resolve) => this.#onWrite.push(resolve)),
        new Promise<void>((_, reject) => {
          timer = setTimeout(() => reject(new Error(`never seen: ${what}\n${this.text}`)), 20_000);
        }),
      ]);
      clearTimeout(timer);
    }
  }

  #piece(piece: string): void {
    if (piece === "\r") this.column = 0;
    else if (piece === "\n") this.#down();
    else if (piece.startsWith("\x1b[")) this.#sequence(piece.slice(2, -1), piece.at(-1)!);
    else {
      // deno-lint-ignore no-control-regex
      if (/[\x00-\x1f\x7f-\x9f]/.test(piece)) {
        throw new Error(`a control: ${JSON.stringify(piece)}`);
      }
      for (const each of graphemes(piece)) this.#put(each);
    }
  }

  /** Goes to an empty alternate screen, or back to the first one as it was. */
  #switch(isAlternate: boolean): void {
    const { rows, row, column } = this;
    const { rows: other, ...place } = isAlternate ? { rows: [[]], row: 0, column: 0 } : this.#left!;
    this.#left = isAlternate ? { rows, row, column } : undefined;
    this.rows = other;
    Object.assign(this, place);
  }

  #put(character: string): void {
    const wide = width(character);
    if (this.column + wide > this.columns) {
      this.#down();
      this.column = 0;
    }
    const row = this.rows[this.row];
    while (row.length < this.column) row.push(" ");
    row.splice(this.column, wide, character, ...Array(Math.max(0, wide - 1)).fill(""));
    this.column += wide;
  }

  #down(): void {
    this.row++;
    this.rows[this.row] ??= [];
  }

  #sequence(parameters: string, final: string): void {
    const count = Number(parameters || 1);
    const row = this.rows[this.row];
    switch (final) {
      case "A":
        this.row -= count;
        // A cursor in the margin counts as one in the last column.
        this.column = Math.min(this.column, this.columns - 1);
        if (this.row < 0) throw new Error("above the first row");
        return;
      case "C":
        this.column = Math.min(this.column + count, this.columns - 1);
        return;
      case "J":
        if (parameters === "2") this.rows = [[]];
        else {
          row.length = Math.min(row.length, this.column);
          this.rows.length = this.row + 1;
        }
        return;
      case "K":
        row.length = Math.min(row.length, this.column);
        return;
      case "H":
        this.row = this.column = 0;
        return;
      case "h":
      case "l":
        if (parameters === "?1049") this.#switch(final === "h");
        return;
      case "m":
        return;
      default:
        throw new Error(`an unknown sequence: ${parameters}${final}`);
    }
  }
}
