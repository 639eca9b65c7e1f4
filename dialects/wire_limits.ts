/** How much one line and one body may hold, in bytes. */
export interface WireLimits {
  /** Longest line without its end. Default 8192. */
  maxLine: number;
  /** Longest body. Default 1 MiB. */
  maxBody: number;
  /** Longest body that is read and thrown away to keep a connection after an error. Default 16 MiB. */
  maxDiscard: number;
}

/** The limits of a server that sets none; the first two are advertised in its greeting. */
export const DEFAULT_LIMITS: Readonly<WireLimits> = {
  maxLine: 8192,
  maxBody: 1 << 20,
  maxDiscard: 1 << 24,
};
