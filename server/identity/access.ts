// Who may use a server that has identities: the proofs of its clients, and their use of it over all connections.

import type { AuthMode } from "../../dialects/dialect.ts";
import type { Clock } from "../../scheduling/clock.ts";
import { type Meter, RateLimiter } from "../../scheduling/rate_limiter.ts";
import type { Telemetry } from "../telemetry.ts";
import {
  ANONYMOUS,
  type Credential,
  type Identities,
  type Identity,
  type NoCredential,
} from "./identity.ts";

// Failed proofs of one address: so many at once, and one a second. Further answers are late, by ten seconds at most. A
// token has 256 random bits, so this only keeps the log and the machine free of those who try.
const FAILURES = { rate: 1, burst: 10, scope: "prefix" };
const LONGEST_DELAY_MS = 10_000;

/** The use that one identity makes of a server, over all its connections. */
export interface IdentityUse {
  /** The requests that wait or run, where the identity has a bound on them. */
  inFlight: number;
  /** The rate that its requests count towards; none where it has no bound. */
  meters: readonly Meter[];
  rate: number | undefined;
}

/** The identities of a server. */
export class Access {
  readonly identities: Identities;
  readonly #anonymous: string;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #failures = new RateLimiter(FAILURES);
  readonly #uses = new Map<string, IdentityUse>();

  /** `anonymous` is the name of the identity of clients that prove none; default: that of `ANONYMOUS`, if there is one. */
  constructor(
    identities: Identities,
    anonymous: string | undefined,
    clock: Clock,
    telemetry: Telemetry,
  ) {
    this.identities = identities;
    this.#anonymous = anonymous ?? ANONYMOUS;
    this.#clock = clock;
    this.#telemetry = telemetry;
    if (anonymous === undefined || this.anonymous !== undefined) return;
    throw new RangeError(`there is no identity ${anonymous} for clients that prove none`);
  }

  /** The identity of clients that prove none; `undefined` where every client must prove one. */
  get anonymous(): Credential | undefined {
    return this.identities.named(this.#anonymous);
  }

  /** Whether clients may or must prove an identity. */
  readonly mode = (): AuthMode => this.anonymous === undefined ? "required" : "optional";

  /** Counts a proof that succeeded. */
  proved(): void {
    this.#telemetry.counters.authenticated++;
  }

  /** Counts a proof that is none, and returns the time in ms after which to answer it. */
  failed(client: string, prefixes: readonly string[], { why }: NoCredential): number {
    this.#telemetry.counters.unauthenticated++;
    this.#telemetry.tell({ kind: "authentication-failed", client, why });
    const now = this.#clock.now();
    const keys = prefixes.length === 0 ? [client] : prefixes;
    const delays = keys.map((key) => this.#failures.delay(key, now, LONGEST_DELAY_MS));
    return Math.max(...delays);
  }

  /** The use of an identity, always the same object: requests in flight go on to count where its rate has changed. */
  useOf({ name, rate }: Identity): IdentityUse {
    let use = this.#uses.get(name);
    if (use === undefined) this.#uses.set(name, use = { inFlight: 0, meters: [], rate: undefined });
    if (use.rate === rate) return use;
    const limiter = rate && new RateLimiter({ rate, burst: Math.max(1, rate), scope: "identity" });
    use.meters = limiter ? [limiter.meter(name)] : [];
    use.rate = rate;
    return use;
  }

  /** Forgets the use of identities that are no more. */
  sweep(): void {
    for (const [name, { inFlight }] of this.#uses) {
      if (inFlight === 0 && this.identities.named(name) === undefined) this.#uses.delete(name);
    }
  }
}
