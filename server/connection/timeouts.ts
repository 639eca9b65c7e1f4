// The time limits of a server for its clients.

/** Time limits in ms, and the bounds that belong to them. */
export interface Timeouts {
  /**
   * For a connection to open: its TLS handshake, its request for a WebSocket, its PROXY header. Also for a refused
   * client to read its refusal. Default 10000.
   */
  opening: number;
  /** For the first request. Default 60000: a person reads the greeting first. */
  handshake: number;
  /** For a request, from its first byte to its last. Default 10000. */
  request: number;
  /**
   * The least bytes a second of a long request: each byte extends `request` by its time. Default 500, as Apache's
   * MinRate.
   */
  requestRate: number;
  /**
   * For a connection with nothing in flight and nothing coming. Also for a client that has ended its side and waits for
   * answers: nothing tells whether it is still there. Default 3600000.
   */
  idle: number;
  /** For a client to read some of its answers. Default 10000, as NATS' write_deadline. */
  stall: number;
  /** Bytes of answers that may wait for a client for longer than `stall`. Default 2 MiB. */
  outputSoft: number;
  /** Bytes of answers that may wait for a client. Default 8 MiB, as Redis gives its subscribers. */
  outputHard: number;
}

/** The default time limits. */
export const TIMEOUTS: Readonly<Timeouts> = {
  opening: 10_000,
  handshake: 60_000,
  request: 10_000,
  requestRate: 500,
  idle: 3_600_000,
  stall: 10_000,
  outputSoft: 2 << 20,
  outputHard: 8 << 20,
};
