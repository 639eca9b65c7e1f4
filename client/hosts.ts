// The addresses of a service: who is asked next, and who is left alone for a while.

import { type Address, formatAddress } from "../net/address.ts";
import type { ByteStream } from "../net/stream.ts";
import { decay } from "../scheduling/decay.ts";
import type { Session } from "./session.ts";

/** One address, or one stream, which cannot be opened again. */
export interface Host {
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
  /** What an answer took, in milliseconds, when it was told last. */
  cost: number;
  /** When that was. */
  toldAt: number;
}

/** What a place is called. */
export function nameOf(place: Address | ByteStream): string {
  return "read" in place ? place.peer : formatAddress(place);
}

/** A host that nothing is known of. */
export function toHost(place: Address | ByteStream): Host {
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
export function observe(host: Host, ms: number, now: number): void {
  const old = ms > host.cost ? 0 : keptSince(host, now);
  host.cost = host.cost * old + ms * (1 - old);
  host.toldAt = now;
}

function keptSince({ toldAt }: Host, now: number): number {
  return decay(now - toldAt, DECAY_MS);
}

/**
 * Two that are drawn by lot, the better one first: the one where a request would wait less, by what answers take and
 * how many are in flight (M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 1996). Hosts that
 * rest are passed over, unless all do. What is known of a host fades while it is not asked, so that each is asked again.
 */
export function draw(hosts: readonly Host[], now: number, random: () => number): readonly Host[] {
  const awake = hosts.filter((host) => host.restsUntil <= now);
  const among = awake.length > 0 ? awake : [...hosts];
  const take = (): Host => among.splice(random() * among.length, 1)[0];
  return among.length < 2 ? among : [take(), take()].sort((a, b) => score(a, now) - score(b, now));
}

function score(host: Host, now: number): number {
  if (!isOpen(host)) return Infinity;
  return (host.cost * keptSince(host, now) + 0.01) * (host.session!.load + 1);
}

/** Whether there is a connection to send on. */
export function isOpen({ session }: Host): boolean | undefined {
  return session?.open;
}
