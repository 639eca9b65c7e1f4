import { earlyBy, nextArrival } from "./gcra.ts";
import { sweep } from "./sweep.ts";

/** The options of a {@linkcode RateLimiter}. */
export interface RateLimiterOptions {
  /** Requests a second. */
  rate: number;
  /** Requests that may come at once after a pause. */
  burst: number;
  /** The kind of key, as refused clients read it: `identity` (default), `prefix` or `connection`. */
  scope?: string;
  /** How many keys the limiter remembers at most (default 65 536, about 10 MB). */
  keys?: number;
}

/** The state of one key of a {@linkcode RateLimiter}. */
export class Meter {
  /** The theoretical arrival time, in milliseconds: the key has then paid for all of its requests. */
  tat: number = -Infinity;
  /** Whether the table of the limiter holds this meter. */
  listed: boolean = false;
  /** For the limiter: whether it was used since the last sweep. */
  used: boolean = true;

  /** Made by {@linkcode RateLimiter.meter}. */
  constructor(
    /** The limiter it belongs to. */
    readonly limiter: RateLimiter,
    /** The key whose requests it counts. */
    readonly key: string,
  ) {}
}

/**
 * A rate limit for each of many keys: the generic cell rate algorithm (GCRA, ITU-T I.371), which keeps one number for
 * each key and never lets more than `burst + rate * t` requests through in a time t.
 *
 * The table is bounded. The limiter forgets keys that have paid for all of their requests, which loses nothing. While
 * every remembered key owes, new keys share one meter. So a flood of keys gains nothing and costs no memory.
 *
 * @example
 * ```ts
 * import { RateLimiter } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * const limiter = new RateLimiter({ rate: 10, burst: 2 });
 * assertEquals(limiter.take("acme", 0), 0);
 * assertEquals(limiter.take("acme", 0), 0);
 * assertEquals(limiter.take("acme", 0), 100); // come back in 100 ms
 * assertEquals(limiter.take("acme", 100), 0);
 * ```
 */
export class RateLimiter {
  /** The kind of key, as refused clients read it. */
  readonly scope: string;
  #spacing: number = 0;
  #tolerance: number = Infinity;
  #maxKeys: number;
  #meters = new Map<string, Meter>();
  #strangers: Meter;

  /**
   * Starts with no keys.
   *
   * @throws {RangeError} if the rate is not above 0, or the burst is below 1
   */
  constructor(options: RateLimiterOptions) {
    this.scope = options.scope ?? "identity";
    this.adjust(options);
    this.#maxKeys = options.keys ?? 65_536;
    this.#strangers = new Meter(this, "");
    this.#strangers.listed = true;
  }

  /**
   * Changes the rate and the burst of all keys, from their next request on. A key still owes for the requests that it has
   * made, at the rate of then. Infinity for both lifts the limit.
   *
   * @throws {RangeError} if the rate is not above 0, or the burst is below 1
   */
  adjust({ rate, burst }: Pick<RateLimiterOptions, "rate" | "burst">): void {
    if (!(rate > 0)) throw new RangeError(`rate must be above 0, not ${rate}`);
    if (!(burst >= 1)) throw new RangeError(`burst must be 1 or more, not ${burst}`);
    this.#spacing = 1_000 / rate;
    this.#tolerance = rate === Infinity ? Infinity : burst * this.#spacing;
  }

  /** How many keys the limiter remembers. */
  get size(): number {
    return this.#meters.size;
  }

  /** The meter of `key`. A connection keeps it, so its requests need no look-up. */
  meter(key: string): Meter {
    const known = this.#meters.get(key);
    if (known !== undefined) return known;
    const meter = new Meter(this, key);
    this.#list(meter, -Infinity);
    return meter;
  }

  /**
   * Counts `cost` requests of `key` if they conform to its rate.
   *
   * @param key a key, or the meter of one
   * @param now the time, in milliseconds
   * @param cost as how many requests this one counts (default 1)
   * @returns 0 if it counted them, else the milliseconds until it would
   */
  take(key: string | Meter, now: number, cost: number = 1): number {
    const meter = this.#find(key, now);
    meter.used = true;
    const next = nextArrival(meter.tat, now, cost * this.#spacing);
    const wait = earlyBy(next, now, this.#tolerance);
    if (wait === 0) meter.tat = next;
    return wait;
  }

  /**
   * Counts a request of `key` also where it does not conform: for requests that are delayed instead of refused.
   *
   * @param key a key, or the meter of one
   * @param now the time, in milliseconds
   * @param most the longest delay, in milliseconds
   * @returns how long to delay the request, in milliseconds; 0 where it conforms
   */
  delay(key: string | Meter, now: number, most: number): number {
    const meter = this.#find(key, now);
    meter.used = true;
    const next = nextArrival(meter.tat, now, this.#spacing);
    meter.tat = Math.min(next, now + this.#tolerance + most);
    return earlyBy(meter.tat, now, this.#tolerance);
  }

  /** The result that {@linkcode RateLimiter.take} would have; counts nothing. */
  wait(key: string | Meter, now: number, cost: number = 1): number {
    const { tat } = this.#find(key, now);
    return earlyBy(nextArrival(tat, now, cost * this.#spacing), now, this.#tolerance);
  }

  #find(key: string | Meter, now: number): Meter {
    if (typeof key === "string") {
      return this.#meters.get(key) ?? this.#list(new Meter(this, key), now);
    }
    return key.listed ? key : this.#meters.get(key.key) ?? this.#list(key, now);
  }

  /** Adds a meter to the table. Returns the shared meter of strangers if the table has no room. */
  #list(meter: Meter, now: number): Meter {
    sweep(this.#meters, this.#maxKeys / 2, ({ tat }) => tat <= now);
    if (this.#meters.size >= this.#maxKeys) return this.#strangers;
    meter.listed = true;
    this.#meters.set(meter.key, meter);
    return meter;
  }
}

/**
 * Counts a request for each of several rates, or for none of them if one is used up.
 *
 * @param meters the rates
 * @param now the time, in milliseconds
 * @returns the first meter that is used up; undefined if the request was counted
 *
 * @example
 * ```ts
 * import { RateLimiter, takeAll } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * const host = new RateLimiter({ rate: 1, burst: 2, scope: "prefix" }).meter("2001:db8::/64");
 * const site = new RateLimiter({ rate: 1, burst: 1, scope: "prefix" }).meter("2001:db8::/48");
 * assertEquals(takeAll([host, site], 0), undefined);
 * assertEquals(takeAll([host, site], 0), site);
 * ```
 */
export function takeAll(meters: readonly Meter[], now: number): Meter | undefined {
  if (meters.length === 1) {
    return meters[0].limiter.take(meters[0], now) > 0 ? meters[0] : undefined;
  }
  for (const meter of meters) if (meter.limiter.wait(meter, now) > 0) return meter;
  for (const meter of meters) meter.limiter.take(meter, now);
  return undefined;
}

/** Rates for a server that strangers can reach: our choice, to be adapted. A server that sets none has no limit. */
export const PUBLIC_RATES: Readonly<
  Record<"identity" | "prefix" | "site", Readonly<RateLimiterOptions>>
> = {
  identity: { rate: 100, burst: 200, scope: "identity" },
  prefix: { rate: 20, burst: 40, scope: "prefix" },
  site: { rate: 160, burst: 320, scope: "prefix" },
};
