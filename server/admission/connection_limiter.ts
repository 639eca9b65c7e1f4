// Who may connect: bounds on connections in all and by address prefix, with some kept free for this machine. A reserved
// address has a gate of its own, so nobody elsewhere can take its connections.

import { prefixesOf } from "./client_flows.ts";
import type { ErrorLine } from "../request/errors.ts";

/** How many connections there may be. */
export interface ConnectionLimits {
  /** Connections in all. Default 10000, as Redis' maxclients. */
  connections: number;
  /** Connections of one client: an IPv4 address or an IPv6 /64. Default 256. */
  connectionsPerClient: number;
  /**
   * How many connections a reserved address has, beside `connections`: for the administrator. And how many of
   * `connections` only clients on this machine may have, which holds against other machines, not against programs here.
   * Default 16.
   */
  connectionsReserved: number;
  /**
   * Connections without their PROXY header, or on which no WebSocket is open yet, at each listener: where one more
   * comes the oldest is closed. And connections that are being told that they are refused: one more is closed without a
   * word. Default 256.
   */
  connectionsOpening: number;
}

/** The limits of a server that sets none. */
export const CONNECTION_LIMITS: Readonly<ConnectionLimits> = {
  connections: 10_000,
  connectionsPerClient: 256,
  connectionsReserved: 16,
  connectionsOpening: 256,
};

const BUSY_RETRY = 1000;

/** The limits of a reserved address: whoever may open it shares its connections. */
export function reservedLimits(limits: Readonly<ConnectionLimits>): Readonly<ConnectionLimits> {
  const { connectionsReserved: connections } = limits;
  return { ...limits, connections, connectionsPerClient: Infinity, connectionsReserved: 0 };
}

/** Counts connections and refuses those too many. */
export class ConnectionLimiter {
  readonly limits: Readonly<ConnectionLimits>;
  readonly #byClient = new Map<string, number>();
  #count = 0;
  /** Connections that were refused because there were too many in all, or too many of their client. */
  readonly refused: Record<"busy" | "quota", number> = { busy: 0, quota: 0 };

  constructor(limits: Readonly<ConnectionLimits>) {
    this.limits = limits;
  }

  /** Counts a connection. A refusal where it must not be served; being `overloaded` is for others than `local` ones. */
  enter(peer: string, overloaded: boolean, local: boolean): ErrorLine | undefined {
    const { connections, connectionsPerClient, connectionsReserved } = this.limits;
    const client = clientOf(peer);
    const mine = this.#byClient.get(client) ?? 0;
    if (mine >= connectionsPerClient) {
      this.refused.quota++;
      const message = `A client may have ${connectionsPerClient} connections, and has them.`;
      return { code: "quota", message, retry: BUSY_RETRY, details: { scope: "prefix" } };
    }
    const room = local ? connections : connections - connectionsReserved;
    if (this.#count >= room || (overloaded && !local)) {
      this.refused.busy++;
      const message = overloaded
        ? "The server has too much to do to take another connection."
        : `There are ${connections} connections, as many as may be.`;
      return { code: "busy", message, retry: BUSY_RETRY };
    }
    this.#byClient.set(client, mine + 1);
    this.#count++;
    return undefined;
  }

  /** Whether two peers count as one client. */
  isSameClient(peer: string, other: string): boolean {
    return clientOf(peer) === clientOf(other);
  }

  /** A connection that was let in is over. */
  leave(peer: string): void {
    const client = clientOf(peer);
    const mine = this.#byClient.get(client)! - 1;
    if (mine === 0) this.#byClient.delete(client);
    else this.#byClient.set(client, mine);
    this.#count--;
  }
}

function clientOf(peer: string): string {
  return prefixesOf(peer)[0] ?? peer;
}

/** Whether a peer is on this machine. */
export function isLocal(peer: string): boolean {
  const [prefix] = prefixesOf(peer);
  return prefix === undefined || prefix.startsWith("127.") || peer.startsWith("[::1]:");
}
