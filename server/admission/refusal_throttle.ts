// Who was refused rests: its requests are read, and further refusals told, only now and then, so that refusing takes
// little time from serving. Who goes on asking all the same is not listened to for as long as it was told to stay away,
// in the end closed.

import type { Clock } from "../../scheduling/clock.ts";
import type { ConnectionBounds } from "../connection/bounds.ts";
import { type Timed, TimingWheel } from "../../scheduling/timing_wheel.ts";

// Shorter ones are not worth a timer: so much refusing at once costs nobody anything.
const LEAST_MS = 10;
// Finer than that of time limits: who rested goes on a few at a time.
const TICK_MS = 4;
// How long it is remembered what refusing a client has cost.
const MEMORY_MS = 1000;
// To read from a connection and to write to it takes some 75 us, to refuse one request more some 10 us.
const CONNECTION_MS = 0.1;
const REFUSAL_MS = 0.01;
// One request that is served makes up for so many that were refused.
const MADE_UP = 16;

/** What refusing has cost lately, in ms. */
class Cost {
  #ms = 0;
  #at = 0;

  add(ms: number, now: number): void {
    this.#ms = this.of(now) + ms;
    this.#at = now;
  }

  of(now: number): number {
    return this.#ms * Math.exp((this.#at - now) / MEMORY_MS);
  }
}

/** One client, over all its connections that were ever refused. */
class Client {
  readonly cost = new Cost();
  connections = 0;
  /** When its own share of the time for refusing has paid for what it was refused. */
  free = 0;
}

/** The rests of all connections of a server. */
export class RefusalThrottles {
  readonly #clock: Clock;
  readonly #share: number;
  readonly #wheel: TimingWheel<RefusalThrottle>;
  /** Of the clients that were ever refused. */
  readonly #known = new Map<string, Client>();
  readonly #cost = new Cost();
  /** When all that was refused so far has had its time. */
  #free = 0;
  /** Rests that need not go on where there is nothing to do, the one that began first first. */
  readonly #welcome = new Set<RefusalThrottle>();

  /** Refusing takes this `share` of a core at most. */
  constructor(clock: Clock, share: number) {
    this.#clock = clock;
    this.#share = share;
    this.#wheel = new TimingWheel(clock, (rest) => rest.end(), { tick: TICK_MS });
  }

  /** How often a connection was not listened to because it asked on and on although it was refused. */
  pauses = 0;

  /** A connection of a client was refused for the first time. */
  join(name: string): Client {
    let client = this.#known.get(name);
    if (client === undefined) this.#known.set(name, client = new Client());
    client.connections++;
    return client;
  }

  /** Whether refusing a client costs as much as refusing others does; twice, as those that ask alike differ by chance. */
  costly(client: Client | undefined, name: () => string): boolean {
    if (this.#known.size === 0) return false;
    const known = client ?? this.#known.get(name());
    if (known === undefined) return false;
    const now = this.#clock.now();
    return 2 * this.#known.size * known.cost.of(now) >= this.#cost.of(now);
  }

  /** A connection that was refused is gone. */
  leave(rest: RefusalThrottle, name: string, client: Client): void {
    this.#welcome.delete(rest);
    this.#wheel.clear(rest);
    if (--client.connections === 0) this.#known.delete(name);
  }

  /**
   * Lets a connection rest until those before it have been looked after, but no longer than its client's share of that
   * asks for: who costs little need not wait for who costs much.
   */
  begin(rest: RefusalThrottle, client: Client): void {
    const now = this.#clock.now();
    this.#spend(client, now, CONNECTION_MS);
    rest.length = Math.min(this.#free, client.free) - now;
    if (this.#share === Infinity || rest.length < LEAST_MS) return;
    if (rest.welcome) this.#welcome.add(rest);
    rest.began = now;
    this.#wheel.set(rest, now + rest.length);
  }

  /** How many rests need not go on where there is nothing to do. */
  get size(): number {
    return this.#welcome.size;
  }

  /** Ends the one of these that began first. */
  endOldest(): void {
    const [rest] = this.#welcome;
    this.#wheel.clear(rest);
    rest.length = this.#clock.now() - rest.began;
    rest.end();
  }

  /** Does not listen to a connection for so long. */
  pause(rest: RefusalThrottle, ms: number): void {
    this.pauses++;
    this.#welcome.delete(rest);
    rest.length = ms;
    this.#wheel.set(rest, this.#clock.now() + ms);
  }

  /** A rest is over. */
  ended(rest: RefusalThrottle): void {
    this.#welcome.delete(rest);
  }

  /** A request was refused. */
  refused(client: Client, now: number): void {
    this.#spend(client, now, REFUSAL_MS);
  }

  #spend(client: Client, now: number, ms: number): void {
    const length = ms / this.#share;
    this.#free = Math.max(this.#free, now) + length;
    // Twice, as the costs of clients that ask alike differ by chance.
    client.free = Math.max(client.free, now) + 2 * length * this.#known.size;
    this.#cost.add(ms, now);
    client.cost.add(ms, now);
  }

  stop(): void {
    this.#wheel.stop();
  }
}

/** The rest of one connection. */
export class RefusalThrottle implements Timed {
  tick = 0;
  earlier: Timed | null = null;
  later: Timed | null = null;
  readonly #rests: RefusalThrottles;
  readonly #bounds: ConnectionBounds;
  readonly #name: () => string;
  readonly #onEnd: () => void;
  #client: Client | undefined = undefined;
  /** How long the last rest was, in ms. */
  length = 0;
  /** When it began, in ms. */
  began = 0;
  /** Whether it need not go on where there is nothing to do. */
  welcome = false;
  #again = false;
  /** When a request was refused last: those of one packet are refused at one time. */
  #last = -1;
  #score = 0;
  #pauses = 0;
  #pausing = false;
  #goOn: (() => void) | undefined = undefined;

  /** `name` says whose connection it is; `onEnd` is called when a rest ends, before what was read meanwhile is looked at. */
  constructor(
    rests: RefusalThrottles,
    bounds: ConnectionBounds,
    name: () => string,
    onEnd: () => void,
  ) {
    this.#rests = rests;
    this.#bounds = bounds;
    this.#name = name;
    this.#onEnd = onEnd;
  }

  /** Whether it rests now. */
  get on(): boolean {
    return this.tick !== 0;
  }

  /** Whether it must not be listened to at all. */
  get pauses(): boolean {
    return this.#pausing;
  }

  /** Whether its client is one of those that take most of the time for refusing. */
  get costly(): boolean {
    return this.#rests.costly(this.#client, this.#name);
  }

  /** Whether refusals may wait for the end of the rest. */
  get quiet(): boolean {
    return this.on && !this.#pausing;
  }

  /** Whether there were so many pauses that another is of no use. */
  get exhausted(): boolean {
    return this.#pauses > this.#bounds.pauses;
  }

  /**
   * A request was refused `now`, and told not to come again for `retry` ms; `welcome` says that there was too much to
   * do, and that it is read at once where there is nothing to do.
   */
  refused(retry: number, now: number, welcome: boolean): void {
    this.welcome = welcome;
    const client = this.#client ??= this.#rests.join(this.#name());
    this.#rests.refused(client, now);
    this.#score++;
    if (this.#pausing) return;
    if (this.#score >= this.#bounds.refusals) {
      this.#score = 0;
      this.#pauses++;
      this.#pausing = true;
      this.#rests.pause(this, retry);
    } else if (this.on) this.#again = true;
    else if (now !== this.#last) this.#rests.begin(this, client);
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

  /** Ends the rest; another follows where requests were refused meanwhile. */
  end(): void {
    this.#rests.ended(this);
    this.#pausing = false;
    this.#onEnd();
    if (this.#again) this.#rests.begin(this, this.#client!);
    this.#again = false;
    this.#goOn?.();
    this.#goOn = undefined;
  }

  /** The connection is gone. */
  cancel(): void {
    if (this.#client !== undefined) this.#rests.leave(this, this.#name(), this.#client);
    this.#goOn?.();
  }
}
