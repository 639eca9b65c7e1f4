// Bounds the connections of each client. A client at its bound replaces its longest idle connection: it may have
// vanished and come back.

import type { Failure } from "../../dialects/dialect.ts";
import { CONNECTION_RETRY, type ConnectionLimits } from "./connection_limits.ts";
import { clientOf } from "./peer.ts";
import type { Arrival, ConnectionPolicy, Guest } from "./policy.ts";

// The idle time after which a connection may be replaced, and the least time between two searches for one.
const IDLE_MS = 60_000;
const SEARCH_EVERY_MS = 100;

const NO_GUESTS: ReadonlySet<Guest> = new Set();

/** Bounds the connections of each client. */
export class ConnectionsPerClient implements ConnectionPolicy {
  readonly #limits: Readonly<ConnectionLimits>;
  readonly #now: () => number;
  readonly #guests = new Map<string, Set<Guest>>();
  #searchedAt = -Infinity;

  constructor(limits: Readonly<ConnectionLimits>, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  admit({ peer }: Arrival): Failure | undefined {
    const guests = this.#guests.get(clientOf(peer)) ?? NO_GUESTS;
    const { connectionsPerClient: most } = this.#limits;
    if (guests.size < most || this.#makeRoom(guests)) return undefined;
    const message = `A client may have ${most} connections, and has them.`;
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

  /** Ends the connection that has been idle longest. Returns whether there was one. */
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
