// Who was refused rests: its requests are read, and further refusals told, only now and then, so that refusing takes
// little time from serving. Who goes on asking all the same is not listened to for as long as it was told to stay away,
// in the end closed.

import type { Clock } from "../scheduling/clock.ts";
import type { ConnectionBounds } from "./bounds.ts";
import { type Timed, TimingWheel } from "../scheduling/timing_wheel.ts";

// Shorter ones are not worth a timer: so much refusing at once costs nobody anything.
const LEAST_MS = 10;
// Finer than that of time limits: who rested goes on a few at a time.
const TICK_MS = 4;
// A fifth of a core goes into refusing at most: to read from a connection and to write to it takes some 75 us, to refuse
// one request more some 10 us.
const CONNECTION_MS = 0.5;
const REFUSAL_MS = 0.05;
// One request that is served makes up for so many that were refused.
const MADE_UP = 16;

/** The rests of all connections of a server. */
export class Rests {
  readonly #clock: Clock;
  readonly #wheel: TimingWheel<Rest>;
  /** When another connection may be looked after. */
  #free = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wheel = new TimingWheel(clock, (rest) => rest.end(), { tick: TICK_MS });
  }

  /** How often a connection was not listened to because it asked on and on although it was refused. */
  pauses = 0;

  /** Lets a connection rest until those before it have been looked after, where that takes a while. */
  begin(rest: Rest): void {
    const now = this.#clock.now();
    this.#free = Math.max(this.#free, now) + CONNECTION_MS;
    rest.length = this.#free - now;
    if (rest.length >= LEAST_MS) this.#wheel.set(rest, now + rest.length);
  }

  /** Lets a connection rest so long. */
  pause(rest: Rest, ms: number): void {
    this.pauses++;
    rest.length = ms;
    this.#wheel.set(rest, this.#clock.now() + ms);
  }

  /** A request was refused. */
  refused(): void {
    this.#free += REFUSAL_MS;
  }

  /** A connection is gone. */
  leave(rest: Rest): void {
    this.#wheel.clear(rest);
  }

  stop(): void {
    this.#wheel.stop();
  }
}

/** The rest of one connection. */
export class Rest implements Timed {
  tick = 0;
  earlier: Timed | null = null;
  later: Timed | null = null;
  readonly #rests: Rests;
  readonly #bounds: ConnectionBounds;
  readonly #onEnd: () => void;
  /** How long the last rest was, in ms. */
  length = 0;
  #again = false;
  /** When a request was refused last: those of one packet are refused at one time. */
  #last = -1;
  #score = 0;
  #pauses = 0;
  #paused = false;
  /** How long the pause was to be, in ms. */
  retry = 0;
  #goOn: (() => void) | undefined = undefined;

  /** `onEnd` is called when a rest ends, before what was read meanwhile is looked at. */
  constructor(rests: Rests, bounds: ConnectionBounds, onEnd: () => void) {
    this.#rests = rests;
    this.#bounds = bounds;
    this.#onEnd = onEnd;
  }

  /** Whether it rests now. */
  get on(): boolean {
    return this.tick !== 0;
  }

  /** Whether it pauses, or what was sent during a pause is not dealt with. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Whether it must not be listened to at all. */
  get pauses(): boolean {
    return this.on && this.#paused;
  }

  /** Whether refusals may wait for the end of the rest. */
  get quiet(): boolean {
    return this.on && !this.#paused;
  }

  /** Whether there were so many pauses that another is of no use. */
  get exhausted(): boolean {
    return this.#pauses > this.#bounds.pauses;
  }

  /** A request was refused `now`, and told not to come again for `retry` ms. */
  refused(retry: number, now: number): void {
    this.#rests.refused();
    this.#score++;
    if (this.#paused) return;
    if (this.#score >= this.#bounds.refusals) {
      this.#score = 0;
      this.#pauses++;
      this.#paused = true;
      this.retry = retry;
      this.#rests.pause(this, retry);
    } else if (this.on) this.#again = true;
    else if (now !== this.#last) this.#rests.begin(this);
    this.#last = now;
  }

  /** A request was served. */
  served(): void {
    this.#pauses = 0;
    this.#score = Math.max(0, this.#score - MADE_UP);
  }

  /** Resolves when the rest ends; at once where there is none, as that of a connection that is gone. */
  over(): Promise<void> {
    if (!this.on) return Promise.resolve();
    return new Promise((resolve) => this.#goOn = resolve);
  }

  /** What was sent during a pause is dealt with. */
  caughtUp(): void {
    this.#paused = false;
  }

  /** Ends the rest; another follows where requests were refused meanwhile. */
  end(): void {
    this.#onEnd();
    if (this.#again) this.#rests.begin(this);
    this.#again = false;
    // Nothing was sent meanwhile.
    if (this.#goOn === undefined) this.#paused = false;
    this.#goOn?.();
    this.#goOn = undefined;
  }

  /** The connection is gone. */
  cancel(): void {
    this.#rests.leave(this);
    this.#goOn?.();
  }
}
