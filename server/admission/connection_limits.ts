// How many connections there may be.

/** Bounds on connections. */
export interface ConnectionLimits {
  /** Connections in all. Default 10000, as Redis' maxclients. */
  connections: number;
  /** Connections of one client: an IPv4 address or an IPv6 /64. Default 256. */
  connectionsPerClient: number;
  /**
   * How many connections a reserved address has, beside `connections`: for the administrator. Also how many of
   * `connections` only clients on this machine may have, which protects them from other machines, not from programs
   * here. Default 16.
   */
  connectionsReserved: number;
  /**
   * Connections without their PROXY header, or on which no WebSocket is open yet, at each listener: one more closes the
   * oldest. Also connections that are being told that they are refused: one more is closed without a word. Default 256.
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

/** When a client that was refused may try to connect again, in ms. */
export const CONNECTION_RETRY = 1000;

/** The limits of a reserved address: all who may open it share its connections. */
export function reservedLimits(limits: Readonly<ConnectionLimits>): Readonly<ConnectionLimits> {
  const { connectionsReserved: connections } = limits;
  return { ...limits, connections, connectionsPerClient: Infinity, connectionsReserved: 0 };
}
