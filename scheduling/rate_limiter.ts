import { VirtualSchedule } from "./gcra.ts";
import { sweep } from "./sweep.ts";

/** What shapes a {@linkcode RateLimiter}. */
export interface RateLimiterOptions {
  /** Requests a second. */
  rate: number;
  /** Requests that may come at once after a rest. */
  burst: number;
  /** What is limited, as the refused are told: `identity` (default), `prefix` or `connection`. */
  scope?: string;
  /** The most keys that are remembered (default 65 536, about 10 MB). */
  keys?: number;
}

/** The state of one key of a {@linkcode RateLimiter}. */
export class Meter {
  /** The theoretical arrival time, in milliseconds: when the key will have paid for all it did. */
  tat: number = -Infinity;
  /** Whether the table of the limiter holds this meter. */
  listed: boolean = false;
  /** The limiter's own: whether it was used lately. */
  used: boolean = true;

  /** Made by {@linkcode RateLimiter.meter}. */
  constructor(
    /** The limiter it belongs to. */
    readonly limiter: RateLimiter,
    /** What it counts. */
    readonly key: string,
  ) {}
}

/**
 * A rate limit for each of many keys: the generic cell rate algorithm (GCRA, ITU-T I.371), which
 * keeps one number a key and never lets more than `burst + rate * t` through in a time t.
 *
 * The table is bounded. A key that has paid for all it did is forgotten without loss; while every
 * remembered key owes, new keys share one meter, so that a flood of keys buys nothing and costs no
 * memory.
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
  /** What is limited, as the refused are told. */
  readonly scope: string;
  readonly #schedule: VirtualSchedule;
  #most: number;
  #meters = new Map<string, Meter>();
  #strangers: Meter;

  /**
   * Starts with no keys.
   *
   * @throws {RangeError} where the rate is not above 0 or the burst below 1
   */
  constructor(options: RateLimiterOptions) {
    if (!(options.rate > 0)) throw new RangeError(`rate must be above 0, not ${options.rate}`);
    if (!(options.burst >= 1)) {
      throw new RangeError(`burst must be 1 or more, not ${options.burst}`);
    }
    this.scope = options.scope ?? "identity";
    this.#schedule = new VirtualSchedule(options.rate, options.burst);
    this.#most = options.keys ?? 65_536;
    this.#strangers = new Meter(this, "");
    this.#strangers.listed = true;
  }

  /** The number of keys that are remembered. */
  get size(): number {
    return this.#meters.size;
  }

  /** The meter of `key`, for who asks often and wants no look-up: a connection keeps it. */
  meter(key: string): Meter {
    const known = this.#meters.get(key);
    if (known !== undefined) return known;
    const meter = new Meter(this, key);
    this.#list(meter, -Infinity);
    return meter;
  }

  /**
   * Counts `cost` requests of `key` if they are within its rate.
   *
   * @param key a key, or the meter of one
   * @param now the time, in milliseconds
   * @param cost how many requests this one counts for (default 1)
   * @returns 0 if they were counted, else the milliseconds until they would be
   */
  take(key: string | Meter, now: number, cost: number = 1): number {
    const meter = this.#find(key, now);
    meter.used = true;
    const next = this.#schedule.next(meter.tat, now, cost);
    const wait = this.#schedule.wait(next, now);
    if (wait === 0) meter.tat = next;
    return wait;
  }

  /** What {@linkcode RateLimiter.take} would return; counts nothing. */
  wait(key: string | Meter, now: number, cost: number = 1): number {
    const { tat } = this.#find(key, now);
    return this.#schedule.wait(this.#schedule.next(tat, now, cost), now);
  }

  #find(key: string | Meter, now: number): Meter {
    if (typeof key === "string") {
      return this.#meters.get(key) ?? this.#list(new Meter(this, key), now);
    }
    return key.listed ? key : this.#meters.get(key.key) ?? this.#list(key, now);
  }

  /** Remembers a meter; where there is no room, the one of strangers stands for it. */
  #list(meter: Meter, now: number): Meter {
    sweep(this.#meters, this.#most / 2, ({ tat }) => tat <= now);
    if (this.#meters.size >= this.#most) return this.#strangers;
    meter.listed = true;
    this.#meters.set(meter.key, meter);
    return meter;
  }
}

/**
 * Counts a request towards all of several rates, or, where one is used up, towards none.
 *
 * @param meters the rates
 * @param now the time, in milliseconds
 * @returns the first meter that is used up; undefined where the request was counted
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

/** Rates for a server that strangers reach. They are ours, to be adapted; the default is no limit. */
export const PUBLIC_RATES: Readonly<
  Record<"identity" | "prefix" | "site", Readonly<RateLimiterOptions>>
> = {
  identity: { rate: 100, burst: 200, scope: "identity" },
  prefix: { rate: 20, burst: 40, scope: "prefix" },
  site: { rate: 160, burst: 320, scope: "prefix" },
};
