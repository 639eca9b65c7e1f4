// The terminal that this process has: raw while it is ours, and given back however it ends.

import type { Device } from "./screen.ts";
import type { Terminal } from "./terminal.ts";

// How long after an ESC the rest of a sequence may take; after that it was the Escape key.
const ESCAPE_MS = 100;
const PASTE_ON = "\x1b[?2004h", PASTE_OFF = "\x1b[?2004l\x1b[?25h";

/** Runs a terminal on standard input and output: its exit code. */
export async function attachTerminal(
  make: (device: Device, suspend: () => void) => Terminal,
): Promise<number> {
  const take = (): void => {
    Deno.stdin.setRaw(true);
    write(PASTE_ON);
  };
  const giveBack = (): void => {
    write(PASTE_OFF);
    Deno.stdin.setRaw(false);
  };
  const suspend = (): void => {
    giveBack();
    // The whole job stops, as it does when the terminal does this.
    Deno.kill(0, "SIGTSTP");
  };
  const device: Device = { write, size: () => Deno.consoleSize() };
  const terminal = make(device, suspend);
  const onResize = (): void => terminal.redraw();
  const onContinue = (): void => {
    take();
    terminal.redraw();
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

async function readKeys(terminal: Terminal): Promise<void> {
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

const encoder = new TextEncoder();

function write(text: string): void {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
