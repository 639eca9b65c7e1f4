// One line on standard error that tells how work goes. A terminal shows it rewritten in place.
//
// Ours, because @std/cli's progress bar is unstable, draws the share of a known total, and owns its stream: a load shows
// rates, `put --lines` reads an input of unknown length, and messages must come between two updates.

import { standardError } from "../net/standard_error.ts";

/** Where a status line is shown. */
export interface StatusDevice {
  readonly isTerminal: boolean;
  /** The columns of the terminal. */
  readonly columns: () => number;
  readonly write: (text: string) => void;
}

/** Standard error. */
const standardErrorDevice: StatusDevice = {
  isTerminal: Deno.stderr.isTerminal(),
  columns: () => Deno.consoleSize().columns,
  // At once: standard output of the same terminal must not come before a line is removed.
  write: (text) => standardError().textNow(text),
};

const CLEAR = "\r\x1b[K";

/** A line that is shown again and again, each time with a new text. */
export class StatusLine {
  readonly #device: StatusDevice;
  #isShown = false;

  /** Nothing is shown yet. */
  constructor(device: StatusDevice = standardErrorDevice) {
    this.#device = device;
  }

  /** Whether the line is rewritten. Otherwise each text is a line of its own. */
  get isTerminal(): boolean {
    return this.#device.isTerminal;
  }

  /** Shows a text of ASCII characters. */
  show(text: string): void {
    if (!this.isTerminal) return this.#device.write(text + "\n");
    // A line that wraps cannot be rewritten.
    this.#device.write(CLEAR + text.slice(0, this.#device.columns() - 1));
    this.#isShown = true;
  }

  /** Removes the line from a terminal, to make room for other lines. */
  clear(): void {
    if (this.#isShown) this.#device.write(CLEAR);
    this.#isShown = false;
  }

  /** Leaves the line where it is; what follows goes below it. */
  keep(): void {
    if (this.#isShown) this.#device.write("\n");
    this.#isShown = false;
  }
}
