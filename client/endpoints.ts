// The addresses of a service: their costs and failures, and the choice of the next one.

import { type Address, formatAddress } from "../net/address.ts";
import type { ByteStream } from "../net/stream.ts";
import { decay } from "../scheduling/decay.ts";
import type { Session } from "./session.ts";

/** One address, or one stream, which cannot be opened again. */
export interface Endpoint {
  readonly name: string;
  readonly place: Address | ByteStream;
  session?: Session | undefined;
  /** Whether a connection is being opened, or is to be after a pause. */
  connecting: boolean;
  /** Ends the pause before the next connection. */
  stopPause?: () => void;
  /** Failures in a row. */
  failures: number;
  /** It is not asked before this time where others can be. */
  restsUntil: number;
  /** It is not connected to before this time. */
  retryAt: number;
  /** The time of an answer in milliseconds, as of `toldAt`. */
  cost: number;
  /** The time of the last measurement. */
  toldAt: number;
}

/** The name of a place in messages. */
export function nameOf(place: Address | ByteStream): string {
  return "read" in place ? place.peer : formatAddress(place);
}

/** An endpoint without measurements. */
export function toEndpoint(place: Address | ByteStream): Endpoint {
  return {
    name: nameOf(place),
    place,
    connecting: false,
    failures: 0,
    restsUntil: 0,
    retryAt: 0,
    cost: 0,
    toldAt: 0,
  };
}

const DECAY_MS = 10_000;

/**
 * An answer took `ms`. Slower than known counts at once, faster only in time (peak EWMA: Finagle, `PeakEwma`, with its
 * decay of 10 s).
 */
export function observe(endpoint: Endpoint, ms: number, now: number): void {
  const old = ms > endpoint.cost ? 0 : keptSince(endpoint, now);
  endpoint.cost = endpoint.cost * old + ms * (1 - old);
  endpoint.toldAt = now;
}

function keptSince({ toldAt }: Endpoint, now: number): number {
  return decay(now - toldAt, DECAY_MS);
}

/**
 * Two that are drawn by lot, the better one first: the one where a request would wait less, by what answers take and
 * how many are in flight (M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 1996). Endpoints that
 * rest are passed over, unless all do. What is known of an endpoint fades while it is not asked, so that each is asked again.
 */
export function draw(
  endpoints: readonly Endpoint[],
  now: number,
  random: () => number,
): readonly Endpoint[] {
  const awake = endpoints.filter((endpoint) => endpoint.restsUntil <= now);
  const among = awake.length > 0 ? awake : [...endpoints];
  const take = (): Endpoint => among.splice(random() * among.length, 1)[0];
  return among.length < 2 ? among : [take(), take()].sort((a, b) => score(a, now) - score(b, now));
}

function score(endpoint: Endpoint, now: number): number {
  if (!isOpen(endpoint)) return Infinity;
  return (endpoint.cost * keptSince(endpoint, now) + 0.01) * (endpoint.session!.load + 1);
}

/** Whether there is a connection to send on. */
export function isOpen({ session }: Endpoint): boolean | undefined {
  return session?.open;
}
