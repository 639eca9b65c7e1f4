// The limits on the number of connections.

/** Bounds on connections. */
export interface ConnectionLimits {
  /** All connections. Default 10000, as Redis' maxclients. */
  connections: number;
  /** Connections of one client: an IPv4 address or an IPv6 /64. Default 256. */
  connectionsPerClient: number;
  /**
   * The connections of a reserved address, in addition to `connections`: for the administrator. Also the part of
   * `connections` that only clients on this machine may have. This protects them from other machines, not from programs
   * of this one. Default 16.
   */
  connectionsReserved: number;
  /**
   * At each listener: connections that have not sent their PROXY header, or not opened their WebSocket. One more
   * closes the oldest. Also refused connections that are still to get the refusal: one more is closed without it.
   * Default 256.
   */
  connectionsOpening: number;
}

/** The default limits. */
export const CONNECTION_LIMITS: Readonly<ConnectionLimits> = {
  connections: 10_000,
  connectionsPerClient: 256,
  connectionsReserved: 16,
  connectionsOpening: 256,
};

/** The time in ms after which a refused client may try to connect again. */
export const CONNECTION_RETRY = 1000;

/** The limits of a reserved address, by those of now. All clients of it share its connections. */
export function reservedLimits(limits: Readonly<ConnectionLimits>): Readonly<ConnectionLimits> {
  return {
    get connections() {
      return limits.connectionsReserved;
    },
    connectionsPerClient: Infinity,
    connectionsReserved: 0,
    connectionsOpening: limits.connectionsOpening,
  };
}
