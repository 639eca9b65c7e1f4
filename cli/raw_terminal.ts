// This process's terminal in raw mode: a program gets each key as it is typed, and the shell gets its terminal back
// however the program ends.

import { draw } from "./output.ts";

/** After an ESC the rest of a key's sequence must come within this time; later, the ESC was the Escape key. */
const ESCAPE_MS = 100;
const PASTE_ON = "\x1b[?2004h", PASTE_OFF = "\x1b[?2004l\x1b[?25h";

/** A terminal to draw on. */
export interface Device {
  /** Writes all of the text. */
  write(text: string): void;
  /** The present size. */
  size(): { columns: number; rows: number };
}

/** A program that has the terminal for itself. */
export interface TerminalProgram {
  /** Runs until the person leaves. Resolves with the exit code. */
  run(): Promise<number>;
  /** Ends the program: the terminal is gone, or a signal came. */
  leave(code?: number): void;
  /** Takes bytes of the keyboard. */
  type(bytes: Uint8Array): void;
  /** Whether the bytes so far end in what may be the Escape key or the beginning of another key. */
  readonly waitsForKeys: boolean;
  /** Says that no more bytes follow for now, so that the Escape key is told apart. */
  typedAll(): void;
  /** Draws everything again, such as after a resize. */
  redraw(): void;
}

/** Runs a program on standard input and output. Resolves with its exit code. */
export async function runInTerminal(
  make: (device: Device, suspend: () => void) => TerminalProgram,
): Promise<number> {
  const take = (): void => {
    Deno.stdin.setRaw(true);
    draw(PASTE_ON);
  };
  const giveBack = (): void => {
    draw(PASTE_OFF);
    Deno.stdin.setRaw(false);
  };
  let suspended = false;
  const suspend = (): void => {
    suspended = true;
    giveBack();
    // Process group 0: the whole job stops, as it does when a terminal in cooked mode gets Ctrl-Z.
    Deno.kill(0, "SIGTSTP");
  };
  // The size at the last drawing.
  let size = Deno.consoleSize();
  const device: Device = { write: draw, size: () => size = Deno.consoleSize() };
  const program = make(device, suspend);
  const onResize = (): void => {
    // A late signal must not draw again at a size that is drawn already: the size may be about to change once more.
    const { columns, rows } = Deno.consoleSize();
    if (columns !== size.columns || rows !== size.rows) program.redraw();
  };
  const onContinue = (): void => {
    take();
    // After SIGSTOP the line is still on the screen.
    if (suspended) program.redraw();
    suspended = false;
  };
  const onTerm = (): void => program.leave(128 + 15);
  take();
  Deno.addSignalListener("SIGWINCH", onResize);
  Deno.addSignalListener("SIGCONT", onContinue);
  Deno.addSignalListener("SIGTERM", onTerm);
  try {
    readKeys(program);
    return await program.run();
  } finally {
    Deno.removeSignalListener("SIGWINCH", onResize);
    Deno.removeSignalListener("SIGCONT", onContinue);
    Deno.removeSignalListener("SIGTERM", onTerm);
    giveBack();
  }
}

async function readKeys(program: TerminalProgram): Promise<void> {
  const buffer = new Uint8Array(65_536);
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    for (let read; (read = await Deno.stdin.read(buffer)) !== null;) {
      clearTimeout(timer);
      program.type(buffer.subarray(0, read));
      if (program.waitsForKeys) timer = setTimeout(() => program.typedAll(), ESCAPE_MS);
    }
  } catch {
    // The terminal is gone.
  }
  program.leave();
}
