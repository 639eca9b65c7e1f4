// Refusing costs time too: all refusals of a server together get a share of a core, and each client its share of that.

import type { Clock } from "../../scheduling/clock.ts";
import { DecayingSum } from "../../scheduling/decay.ts";
import { type Timed, TimingWheel } from "../../scheduling/timing_wheel.ts";
import type { Counters } from "../telemetry.ts";
import type { ConnectionBounds } from "./connection_bounds.ts";

// A shorter rest is not worth a timer: so few refusals at once cost little.
const SHORTEST_REST_MS = 10;
// Finer than the ticks of time limits, so that connections whose rest is over go on a few at a time.
const TICK_MS = 4;
// The time constant of the decay of refusals' cost.
const DECAY_MS = 1000;
// Cost model: to read from a connection and to write to it takes some 75 us, each further refusal some 10 us.
const CONNECTION_MS = 0.1;
const REFUSAL_MS = 0.01;

/** One client, over all its connections that were ever refused. */
export class RefusedClient {
  /** The recent cost of its refusals. */
  readonly cost: DecayingSum = new DecayingSum(DECAY_MS);
  /** The number of its connections that were ever refused. */
  connections = 0;
  /** The time at which its own share of the budget has paid for its refusals so far. */
  paidAt = 0;
}

/** A resting connection: it is not read until `endRest`. It is a node of the wheel's lists. */
export interface Resting extends Timed {
  /** The length of its rest in ms. */
  restLength: number;
  /** The beginning of its rest. */
  restSince: number;
  /** Whether the rest ends early where the server has nothing to do. */
  resumeWhenIdle: boolean;
  /** Ends the rest. */
  endRest(): void;
}

/** The time that refusing may take, over all connections of a server. */
export class RefusalBudget {
  readonly #clock: Clock;
  readonly #bounds: Pick<ConnectionBounds, "refusing">;
  readonly #counters: Pick<Counters, "paused">;
  readonly #wheel: TimingWheel<Resting>;
  readonly #clients = new Map<string, RefusedClient>();
  readonly #cost = new DecayingSum(DECAY_MS);
  /** The time at which the budget has paid for all refusals so far. */
  #paidAt = 0;
  /** The resting connections that may resume when the server is idle, the longest resting first. */
  readonly #resumable = new Set<Resting>();

  /** Refusing takes the share `refusing` of a core at most. */
  constructor(
    clock: Clock,
    bounds: Pick<ConnectionBounds, "refusing">,
    counters: Pick<Counters, "paused">,
  ) {
    this.#clock = clock;
    this.#bounds = bounds;
    this.#counters = counters;
    this.#wheel = new TimingWheel(clock, (resting) => resting.endRest(), { tick: TICK_MS });
  }

  /** Called when a connection of a client is refused for the first time. */
  join(name: string): RefusedClient {
    let client = this.#clients.get(name);
    if (client === undefined) this.#clients.set(name, client = new RefusedClient());
    client.connections++;
    return client;
  }

  /** Called when a connection that was ever refused is gone. */
  leave(resting: Resting, name: string, client: RefusedClient): void {
    this.#resumable.delete(resting);
    this.#wheel.clear(resting);
    if (--client.connections === 0) this.#clients.delete(name);
  }

  /** Whether refusing a client costs at least half of the average; half, as clients that ask alike differ by chance. */
  isCostly(client: RefusedClient | undefined, name: () => string): boolean {
    if (this.#clients.size === 0) return false;
    const known = client ?? this.#clients.get(name());
    if (known === undefined) return false;
    const now = this.#clock.now();
    return 2 * this.#clients.size * known.cost.at(now) >= this.#cost.at(now);
  }

  /** Called when a request of a client was refused. */
  charge(client: RefusedClient, now: number): void {
    this.#spend(client, now, REFUSAL_MS);
  }

  /**
   * Lets a connection rest until the budget has paid for it, or its client's own share has, whichever is sooner: a
   * client that costs little does not wait for one that costs much.
   */
  rest(resting: Resting, client: RefusedClient): void {
    const now = this.#clock.now();
    this.#spend(client, now, CONNECTION_MS);
    resting.restLength = Math.min(this.#paidAt, client.paidAt) - now;
    if (this.#bounds.refusing === Infinity || resting.restLength < SHORTEST_REST_MS) return;
    if (resting.resumeWhenIdle) this.#resumable.add(resting);
    resting.restSince = now;
    this.#wheel.set(resting, now + resting.restLength);
  }

  /** Does not read a connection for `ms`, also while the server is idle. */
  pause(resting: Resting, ms: number): void {
    this.#counters.paused++;
    this.#resumable.delete(resting);
    resting.restLength = ms;
    this.#wheel.set(resting, this.#clock.now() + ms);
  }

  /** Called when a rest has ended. */
  rested(resting: Resting): void {
    this.#resumable.delete(resting);
  }

  /** The number of resting connections that may resume when the server is idle. */
  get resumable(): number {
    return this.#resumable.size;
  }

  /** Ends the longest of these rests: the server is idle. */
  resumeOldest(): void {
    const [resting] = this.#resumable;
    this.#wheel.clear(resting);
    resting.restLength = this.#clock.now() - resting.restSince;
    resting.endRest();
  }

  stop(): void {
    this.#wheel.stop();
  }

  #spend(client: RefusedClient, now: number, ms: number): void {
    const length = ms / this.#bounds.refusing;
    this.#paidAt = Math.max(this.#paidAt, now) + length;
    // Twice its share, as the costs of clients that ask alike differ by chance.
    client.paidAt = Math.max(client.paidAt, now) + 2 * length * this.#clients.size;
    this.#cost.add(ms, now);
    client.cost.add(ms, now);
  }
}
