// Whether the other end is still there: where it has vanished, a connection says nothing at all.

import type { Clock } from "../scheduling/clock.ts";

/** What a heartbeat knows of its connection, and does to it. */
export interface HeartbeatTarget {
  /** Whether answers are owed. */
  owed(): boolean;
  /** Whether they are read. */
  reads(): boolean;
  /** Asks the server for any answer. */
  ask(): void;
  /** Nothing came, not even to that. */
  lost(): void;
}

/** What a connection tells its signs of life. */
export interface SignsOfLife {
  /** The server counts on them. */
  start(): void;
  /** Something was sent. */
  sent(): void;
  /** It is over. */
  stop(): void;
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

/** The longest heartbeat that a server can be told of, in ms. */
export const LONGEST_BEAT = 3_600_000;
const SHORTEST_BEAT = 1000;

/** What HELLO says of a heartbeat of `ms` milliseconds; nothing where it is too long. */
export function heartbeatOption(ms: number): string {
  return ms > LONGEST_BEAT ? "" : ` heartbeat=${Math.max(SHORTEST_BEAT, Math.ceil(ms))}ms`;
}

/**
 * Sees that something is sent at least every `ms` milliseconds, as the server was told: looks at half of them whether
 * anything was. `signal` sends a sign of life.
 */
export function signsOfLife(clock: Clock, ms: number, signal: () => void): SignsOfLife {
  let hasSent = false;
  let cancel = (): void => {};
  function look(): void {
    if (!hasSent) signal();
    hasSent = false;
    cancel = clock.after(ms / 2, look);
  }
  return {
    start: () => void (cancel = clock.after(ms / 2, look)),
    sent: () => void (hasSent = true),
    stop: () => cancel(),
  };
}

/** Looks every `ms` milliseconds whether anything came; asks once, and then gives up. With `Infinity` it never looks. */
export function heartbeat(clock: Clock, ms: number, beating: HeartbeatTarget): Heartbeat {
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
