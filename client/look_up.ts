// From the addresses that a client is given to the endpoints that it may ask.

import type { Address } from "../net/address.ts";
import type { ByteStream } from "../net/stream.ts";
import type { Clock } from "../scheduling/clock.ts";
import { type Endpoint, toEndpoint } from "./endpoints.ts";

/** Finds the addresses of a host name. An empty list, or a rejection, leaves the name to the platform's sockets. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** The endpoints of a client as they are now. */
export type LookUp = () => Promise<readonly Endpoint[]>;

/** Makes the `LookUp` of a client; `resolve` is the caller's own. */
export type CreateLookUp = (
  places: readonly (Address | ByteStream)[],
  clock: Clock,
  resolve: Resolve | undefined,
) => LookUp;

const AGAIN_MS = 10_000;

/**
 * Looks names up, again where the last time was more than 10 s ago. Endpoints that are still there stay as they are; the
 * connections of the others are closed. TLS needs names, TCP does not: where `resolve` rejects or knows no address of a
 * name, the name stays too.
 */
export function resolving(usual: Resolve): CreateLookUp {
  return (places, clock, resolve = usual) => {
    let endpoints = new Map<string, Endpoint>();
    let doneAt = -Infinity;

    async function find(place: Address | ByteStream): Promise<(Address | ByteStream)[]> {
      if ("read" in place || place.transport !== "tcp") return [place];
      const names = await resolve(place.hostname).catch(() => []);
      return names.length === 0 ? [place] : names.map((hostname) => ({ ...place, hostname }));
    }

    return async () => {
      const now = clock.now();
      if (now - doneAt >= AGAIN_MS) {
        doneAt = now;
        const found = (await Promise.all(places.map(find))).flat().map(toEndpoint);
        const old = endpoints;
        endpoints = new Map(
          found.map((endpoint) => [endpoint.name, old.get(endpoint.name) ?? endpoint]),
        );
        for (const [name, { session }] of old) if (!endpoints.has(name)) session?.close();
      }
      return [...endpoints.values()];
    };
  };
}

/** Leaves names to the platform: the endpoints stay the same. */
export const fixed: CreateLookUp = (places) => {
  const endpoints = places.map(toEndpoint);
  return () => Promise.resolve(endpoints);
};
