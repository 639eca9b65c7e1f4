// The terminal that this process has: raw while it is ours, and given back however it ends.

import { draw } from "./output.ts";
import type { Device } from "./connect/screen.ts";

// How long after an ESC the rest of a sequence may take; after that it was the Escape key.
const ESCAPE_MS = 100;
const PASTE_ON = "\x1b[?2004h", PASTE_OFF = "\x1b[?2004l\x1b[?25h";

/** What has the terminal for itself: keys in, a screen out. */
export interface TerminalProgram {
  /** Runs until the person leaves: the exit code. */
  run(): Promise<number>;
  /** The person has gone, or a signal says so. */
  leave(code?: number): void;
  /** Bytes of the keyboard. */
  type(bytes: Uint8Array): void;
  /** Whether a single Escape may have been typed; `typedAll` says that nothing followed it. */
  readonly waitsForKeys: boolean;
  /** Nothing more came of a sequence. */
  typedAll(): void;
  /** Draws again, such as after a resize. */
  redraw(): void;
}

/** Runs a terminal on standard input and output: its exit code. */
export async function attachTerminal(
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
    // The whole job stops, as it does when the terminal does this.
    Deno.kill(0, "SIGTSTP");
  };
  // As it was when the terminal drew last.
  let size = Deno.consoleSize();
  const device: Device = { write: draw, size: () => size = Deno.consoleSize() };
  const terminal = make(device, suspend);
  const onResize = (): void => {
    // A signal that comes late, behind a drawing at the new size, must not draw into the next change of size.
    const { columns, rows } = Deno.consoleSize();
    if (columns !== size.columns || rows !== size.rows) terminal.redraw();
  };
  const onContinue = (): void => {
    take();
    // Who was stopped without a word still has its line on the screen.
    if (suspended) terminal.redraw();
    suspended = false;
  };
  const onTerm = (): void => terminal.leave(128 + 15);
  take();
  Deno.addSignalListener("SIGWINCH", onResize);
  Deno.addSignalListener("SIGCONT", onContinue);
  Deno.addSignalListener("SIGTERM", onTerm);
  try {
    readKeys(terminal);
    return await terminal.run();
  } finally {
    Deno.removeSignalListener("SIGWINCH", onResize);
    Deno.removeSignalListener("SIGCONT", onContinue);
    Deno.removeSignalListener("SIGTERM", onTerm);
    giveBack();
  }
}

async function readKeys(terminal: TerminalProgram): Promise<void> {
  const buffer = new Uint8Array(65_536);
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    for (let read; (read = await Deno.stdin.read(buffer)) !== null;) {
      clearTimeout(timer);
      terminal.type(buffer.subarray(0, read));
      if (terminal.waitsForKeys) timer = setTimeout(() => terminal.typedAll(), ESCAPE_MS);
    }
  } catch {
    // The terminal is gone.
  }
  terminal.leave();
}
