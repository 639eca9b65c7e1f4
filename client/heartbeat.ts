// Whether a server that owes answers is still there: a connection whose other end has vanished says nothing at all.

import type { Clock } from "./clock.ts";

/** What a heartbeat knows of its connection, and does to it. */
export interface Beating {
  /** Whether answers are owed. */
  owed(): boolean;
  /** Whether they are read. */
  reads(): boolean;
  /** Asks the server for any answer. */
  ask(): void;
  /** Nothing came, not even to that. */
  lost(): void;
}

/** What a connection tells its heartbeat. */
export interface Heartbeat {
  /** An answer is owed. */
  start(): void;
  /** Something came. */
  heard(): void;
  /** It is over. */
  stop(): void;
}

/** Looks every `ms` milliseconds whether anything came; asks once, and then gives up. With `Infinity` it never looks. */
export function heartbeat(clock: Clock, ms: number, beating: Beating): Heartbeat {
  let cancel: (() => void) | undefined;
  let heard = false;
  let asked = false;

  function start(): void {
    if (ms < Infinity) cancel ??= clock.after(ms, look);
  }

  function look(): void {
    cancel = undefined;
    const isSilent = beating.owed() && beating.reads() && !heard;
    if (isSilent && asked) return beating.lost();
    heard = false;
    asked = isSilent;
    if (!beating.owed()) return;
    start();
    if (isSilent) beating.ask();
  }

  return {
    start,
    heard() {
      heard = true;
    },
    stop() {
      cancel?.();
    },
  };
}
