// Accepts connections for as long as a listener is open, through any errors.

import type { ByteStream, Listener } from "../../net/stream.ts";
import type { Clock } from "../../scheduling/clock.ts";
import type { Telemetry } from "../telemetry.ts";

/** The first pause after an error, and the longest, in ms. */
const FIRST_PAUSE = 5, LONGEST_PAUSE = 1000;

/** The parts of a server that accepting uses. */
export interface Acceptor {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Resolves once the event loop has served everything else. */
  turn(): Promise<void>;
  /** Called with each connection. */
  take(stream: ByteStream): void;
}

/**
 * Makes Deno open the files that it needs for the first stack trace and the first signal: without file descriptors it
 * would abort the process then. Errors are logged with their stacks; a signal that nobody sends costs nothing.
 */
function openFilesEarly(): void {
  void new Error().stack;
  if (Deno.build.os === "windows") return;
  const ignore = (): void => {};
  Deno.addSignalListener("SIGURG", ignore);
  Deno.removeSignalListener("SIGURG", ignore);
}

/**
 * Accepts until the listener is closed. Most errors say that there are no file descriptors left, and time frees some:
 * it tries again after pauses that grow up to a second.
 */
export async function acceptAll(
  listener: Listener,
  { clock, telemetry, turn, take }: Acceptor,
): Promise<void> {
  const { address } = listener;
  openFilesEarly();
  let pause = FIRST_PAUSE;
  let failures = 0;
  for (;;) {
    try {
      const stream = await listener.accept();
      if (stream === undefined) return;
      if (failures > 0) telemetry.tell({ kind: "accept-resumed", address, failures });
      failures = 0;
      pause = FIRST_PAUSE;
      // While many clients connect, `accept` is ready at once each time, and nothing else would have a turn.
      await turn();
      take(stream);
    } catch (error) {
      failures++;
      // Only the message: to make a stack, Deno may open files, and aborts the process where it cannot.
      telemetry.tell({ kind: "accept-failed", address, error: (error as Error).message });
      await new Promise<void>((resolve) => clock.after(pause, resolve));
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }
}
