// When requests are sent: when another is answered (closed loop), or when they are due (open loop).

import { setImmediate } from "node:timers";
import { after } from "../../net/timer.ts";
import type { LoadConnection } from "./connection.ts";
import type { ThreadPlan } from "./plan.ts";

/** Sends requests. */
export interface RequestSender {
  /** Sends a request that was due at `due`. Returns false if enough requests were sent. */
  send(connection: LoadConnection, due: number, now: number): boolean;
  /** The connections; some may have no room. */
  readonly connections: readonly LoadConnection[];
}

/** Decides when requests are sent. */
export interface Pacer {
  /** Begins; it ends at `until`. */
  start(now: number, until: number): void;
  /** A connection has room for more. */
  room(connection: LoadConnection, now: number): void;
  /** Sends nothing more. Returns the number of requests that were due and not sent. */
  stop(now: number): number;
}

/** Keeps each connection full: a slow server gets fewer requests. */
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

/** A timer may fire this many ms late. Within that time the clock is polled between reads instead. */
const TIMER_LATENESS = 2;

/** Sends each request when it is due, answered or not. A request that finds no free connection is sent late. */
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
    // First send the requests that have become due since the last poll.
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
    // If all connections are full, `room` sends what is due.
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

  /** The next free connection, round robin. */
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
