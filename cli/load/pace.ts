// When requests are sent: as soon as another is answered, or when they are due.

import { setImmediate } from "node:timers";
import { after } from "../../net/timer.ts";
import type { LoadConnection } from "./connection.ts";
import type { ThreadPlan } from "./plan.ts";

/** What sends. */
export interface RequestSender {
  /** Sends a request that was due at this time; false once there have been enough. */
  send(connection: LoadConnection, due: number, now: number): boolean;
  /** The connections, some of which may not be free. */
  readonly connections: readonly LoadConnection[];
}

/** When requests are sent. */
export interface Pacer {
  /** Begins, to end at `until`. */
  start(now: number, until: number): void;
  /** A connection has room. */
  room(connection: LoadConnection, now: number): void;
  /** Sends nothing more; how many were due and not sent. */
  stop(now: number): number;
}

/** Keeps every connection full: a slow server is asked less. */
export class ClosedLoopPacer implements Pacer {
  readonly #sender: RequestSender;
  #until = -Infinity;

  constructor(sender: RequestSender) {
    this.#sender = sender;
  }

  start(now: number, until: number): void {
    this.#until = until;
    for (const connection of this.#sender.connections) this.room(connection, now);
  }

  room(connection: LoadConnection, now: number): void {
    if (now >= this.#until) return;
    while (connection.free && this.#sender.send(connection, now, now));
    connection.flush();
  }

  stop(): number {
    this.#until = -Infinity;
    return 0;
  }
}

// A timer of Deno comes about this late, so the rest of the time is spent looking at the clock between reads.
const TIMER_LATENESS = 2;

/** Sends when it is time, whatever became of the requests before. What finds no connection free goes out late. */
export class OpenLoopPacer implements Pacer {
  readonly #sender: RequestSender;
  readonly #rate: number;
  readonly #interval: () => number;
  #next = Infinity;
  #until = -Infinity;
  #at = 0;
  #waiting = false;
  #stopTimer = (): void => {};
  readonly #touched = new Set<LoadConnection>();

  constructor(sender: RequestSender, plan: ThreadPlan, random: () => number) {
    this.#sender = sender;
    const rate = this.#rate = plan.rate! / 1000;
    this.#interval = plan.arrivals === "steady"
      ? () => 1 / rate
      : () => -Math.log(1 - random()) / rate;
  }

  start(now: number, until: number): void {
    this.#until = until;
    this.#next = now + this.#interval();
    this.#pump();
  }

  room(_connection: LoadConnection, now: number): void {
    if (this.#next <= now) this.#send(now);
  }

  stop(now: number): number {
    // What was due since the last look at the clock.
    this.#send(Math.min(now, this.#until));
    const over = Math.min(now, this.#until) - this.#next;
    this.#until = -Infinity;
    this.#stopTimer();
    return Math.max(0, Math.ceil(over * this.#rate));
  }

  #pump(): void {
    this.#waiting = false;
    const now = performance.now();
    this.#send(now);
    if (now >= this.#until || this.#waiting) return;
    this.#waiting = true;
    // All connections being full, `room` sends what is due.
    const ms = this.#next - now;
    if (ms > TIMER_LATENESS || ms < 0) {
      this.#stopTimer = after(Math.max(1, ms - TIMER_LATENESS), () => this.#pump());
    } else setImmediate(() => this.#pump());
  }

  #send(now: number): void {
    while (this.#next <= now && this.#next < this.#until) {
      const connection = this.#free();
      if (connection === undefined) break;
      if (!this.#sender.send(connection, this.#next, now)) break;
      this.#touched.add(connection);
      this.#next += this.#interval();
    }
    for (const connection of this.#touched) connection.flush();
    this.#touched.clear();
  }

  /** The next connection in turn that is free. */
  #free(): LoadConnection | undefined {
    const { connections } = this.#sender;
    for (let tried = 0; tried < connections.length; tried++) {
      if (this.#at >= connections.length) this.#at = 0;
      const connection = connections[this.#at++];
      if (connection.free) return connection;
    }
    return undefined;
  }
}
