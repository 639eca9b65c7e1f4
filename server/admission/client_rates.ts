// The rates that requests of a client count towards, by the tiers of its address prefixes.

import { type Meter, RateLimiter, type RateLimiterOptions } from "../../scheduling/rate_limiter.ts";
import type { MetersOf } from "./client_flows.ts";

/** Bounds on the rate of a client's requests, see `PUBLIC_RATES`. */
export interface Rates {
  /** For an IPv4 address or an IPv6 /64. */
  prefix?: RateLimiterOptions;
  /** For an IPv6 /48. */
  site?: RateLimiterOptions;
}

const TIERS = ["prefix", "site"] as const;
const NO_LIMIT = { rate: Infinity, burst: Infinity };

/** The rates of all clients of a server. */
export class ClientRates {
  /** A tier keeps its limiter, because open connections hold meters of it. */
  readonly #tiers = TIERS.map(() => ({
    limiter: undefined as RateLimiter | undefined,
    isLimited: false,
  }));

  constructor(rates: Rates = {}) {
    this.adjust(rates);
  }

  /** The meters of a client with these prefixes, the narrowest first. */
  readonly metersOf: MetersOf = (prefixes) => {
    const meters: Meter[] = [];
    for (const [tier, { limiter, isLimited }] of this.#tiers.entries()) {
      if (isLimited && tier < prefixes.length) meters.push(limiter!.meter(prefixes[tier]));
    }
    return meters;
  };

  /** Changes the rates. Throws `RangeError` for a rate that cannot be; nothing has changed then. */
  adjust(rates: Rates = {}): void {
    const given = TIERS.map((name) => rates[name]);
    const limiters = given.map((each) => each && new RateLimiter({ scope: "prefix", ...each }));
    for (const [at, tier] of this.#tiers.entries()) {
      const rate = given[at];
      tier.isLimited = rate !== undefined;
      if (tier.limiter === undefined) tier.limiter = limiters[at];
      else tier.limiter.adjust(rate ?? NO_LIMIT);
    }
  }
}
