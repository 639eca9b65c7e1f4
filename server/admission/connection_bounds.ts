// The bounds of one connection: its work in flight, and its refusals.

/** The bounds of one connection; Infinity is none. */
export interface ConnectionBounds {
  /** Bytes of unanswered requests, bodies included, above which the server stops reading. Default 4 MiB. */
  requests: number;
  /** Bytes of answers that wait for an earlier answer, above which no further ordered request begins. Default 1 MiB. */
  answers: number;
  /** Bytes that wait to be written, above which the server stops reading and streams pause. Default 64 KiB. */
  output: number;
  /** Close after this many consecutive unknown commands. Default 10. */
  unknownCommands: number;
  /**
   * The number of refusals (`busy`, `quota`) after which the client is not read for the time that it was told to stay
   * away. A served request makes up for 16 refusals. Default 64.
   */
  refusals: number;
  /** Close after this many of these pauses in a row, instead of another one. Default 8. */
  pauses: number;
  /**
   * The share of a core that refusing may take before connections that were refused are read less often. Default 0.2.
   */
  refusing: number;
}

/** The default bounds. */
export const CONNECTION_BOUNDS: Readonly<ConnectionBounds> = {
  requests: 4 << 20,
  answers: 1 << 20,
  output: 65_536,
  unknownCommands: 10,
  refusals: 64,
  pauses: 8,
  refusing: 0.2,
};
