// One client may have so many connections. A client that vanished and comes back takes the place of an idle one.

import type { Failure } from "../../dialects/dialect.ts";
import { CONNECTION_RETRY } from "./connection_limits.ts";
import { clientOf } from "./peer.ts";
import type { Arrival, ConnectionPolicy, Guest } from "./policy.ts";

// A connection that is idle for so long may give way, and a search for one is made so often at most.
const IDLE_MS = 60_000;
const SEARCH_EVERY_MS = 100;

const NO_GUESTS: ReadonlySet<Guest> = new Set();

/** Bounds the connections of each client. */
export class ConnectionsPerClient implements ConnectionPolicy {
  readonly #most: number;
  readonly #now: () => number;
  readonly #guests = new Map<string, Set<Guest>>();
  #searchedAt = -Infinity;

  /** Lets in `most` connections of each client. */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  admit({ peer }: Arrival): Failure | undefined {
    const guests = this.#guests.get(clientOf(peer)) ?? NO_GUESTS;
    if (guests.size < this.#most || this.#makeRoom(guests)) return undefined;
    const message = `A client may have ${this.#most} connections, and has them.`;
    return { code: "quota", message, retry: CONNECTION_RETRY, details: { scope: "prefix" } };
  }

  onOutcome(guest: Guest, outcome: "entered" | "left"): void {
    const client = clientOf(guest.peer);
    let guests = this.#guests.get(client);
    if (outcome === "entered") {
      if (guests === undefined) this.#guests.set(client, guests = new Set());
      guests.add(guest);
    } else if (guests!.delete(guest) && guests!.size === 0) this.#guests.delete(client);
  }

  /** Ends the connection that has been idle longest. Answers whether there was one. */
  #makeRoom(guests: ReadonlySet<Guest>): boolean {
    const now = this.#now();
    if (now - this.#searchedAt < SEARCH_EVERY_MS) return false;
    this.#searchedAt = now;
    let longest: Guest | undefined;
    let since = now - IDLE_MS;
    for (const guest of guests) {
      const { idleSince } = guest;
      if (idleSince > since) continue;
      longest = guest;
      since = idleSince;
    }
    longest?.giveWay(now - since);
    return longest !== undefined;
  }
}
