// The time limits of a server for its clients.

/** RequestTimes in ms and what goes with them. */
export interface Timeouts {
  /**
   * For a connection to be open: its TLS handshake, its request for a WebSocket, its PROXY header. Also for a refused
   * client to take the answer that says so. Default 10000.
   */
  opening: number;
  /** For the first request. Default 60000: a person reads the greeting first. */
  handshake: number;
  /** For a request, from its first byte to its last. Default 10000. */
  request: number;
  /** Bytes a second that a request must come with beyond `request`. Default 500, as Apache's MinRate. */
  requestRate: number;
  /**
   * With nothing in flight and nothing coming. Also for requests in flight of a client that has ended its side, with
   * nothing answered, since nothing tells whether the client is there. Default 3600000.
   */
  idle: number;
  /** For a client to read something of what it was sent. Default 10000, as NATS' write_deadline. */
  stall: number;
  /** Bytes of answers that may wait for a client for longer than `stall`. Default 2 MiB. */
  outputSoft: number;
  /** Bytes of answers that may wait for a client at all. Default 8 MiB, as Redis gives its subscribers. */
  outputHard: number;
}

/** The times of a server that sets none. */
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
