// Connections are accepted for as long as a listener is open, whatever goes wrong meanwhile.

import type { ByteStream, Listener } from "../../net/stream.ts";
import type { Clock } from "../../scheduling/clock.ts";
import type { LogEntry } from "../log.ts";

/** The first pause after an error, and the longest, in ms. */
const FIRST_PAUSE = 5, LONGEST_PAUSE = 1000;

/** What accepting needs of a server. */
export interface Accepting {
  readonly clock: Clock;
  /** For what repeats by itself. */
  readonly log: (entry: LogEntry) => void;
  /** Resolves once the event loop has looked after everybody else. */
  turn(): Promise<void>;
  /** A connection came. */
  take(stream: ByteStream): void;
}

/**
 * Has Deno open what it opens when it first makes a stack trace and first handles a signal: where no file descriptors are
 * left by then it aborts the process. Errors are logged with their traces; a signal that nobody sends costs nothing.
 */
function openBeforehand(): void {
  void new Error().stack;
  if (Deno.build.os === "windows") return;
  const ignore = (): void => {};
  Deno.addSignalListener("SIGURG", ignore);
  Deno.removeSignalListener("SIGURG", ignore);
}

/**
 * Accepts until the listener is closed. Most errors say that there are no file descriptors left, and some time frees
 * some: it tries again after pauses that grow up to a second.
 */
export async function acceptAll(
  listener: Listener,
  { clock, log, turn, take }: Accepting,
): Promise<void> {
  const { address } = listener;
  openBeforehand();
  let pause = FIRST_PAUSE;
  let failures = 0;
  for (;;) {
    try {
      const stream = await listener.accept();
      if (stream === undefined) return;
      if (failures > 0) log({ level: "info", message: "accepting again", address, failures });
      failures = 0;
      pause = FIRST_PAUSE;
      // Where many connect at once, `accept` is ready at once each time, and nobody else would have a turn.
      await turn();
      take(stream);
    } catch (error) {
      failures++;
      // In words: to make a trace, Deno may open files, and aborts the process where it cannot.
      log({ level: "error", message: "accept failed", address, error: (error as Error).message });
      await new Promise<void>((resolve) => clock.after(pause, resolve));
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }
}
