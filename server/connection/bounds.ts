// What one connection may have under way, and how often it may be refused.

/** The bounds of one connection; Infinity is none. */
export interface ConnectionBounds {
  /** Bytes of unanswered requests, bodies included, above which no more is read. Default 4 MiB. */
  requests: number;
  /** Bytes of answers that wait for the one before them, above which no further request without a correlation begins. Default 1 MiB. */
  answers: number;
  /** Bytes that wait to be written, above which no more is read and streams pause. Default 64 KiB. */
  output: number;
  /** Close after this many consecutive unknown commands. Default 10. */
  unknownCommands: number;
  /**
   * After so many refusals (`busy`, `quota`) nothing is read for the time that the client was told to stay away; a request
   * that is served makes up for 16 refusals. Default 64.
   */
  refusals: number;
  /** Close after this many of these pauses in a row, instead of another one. Default 8. */
  pauses: number;
  /** The share of a core that refusing may take before connections that were refused are read less often. Default 0.2. */
  refusing: number;
}

/** The bounds of a server that sets none. */
export const CONNECTION_BOUNDS: Readonly<ConnectionBounds> = {
  requests: 4 << 20,
  answers: 1 << 20,
  output: 65_536,
  unknownCommands: 10,
  refusals: 64,
  pauses: 8,
  refusing: 0.2,
};
