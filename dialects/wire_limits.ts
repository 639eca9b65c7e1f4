// The sizes that a server takes.

/** The longest line and body, in bytes. */
export interface WireLimits {
  /** Longest line without its end. Default 8192. */
  maxLine: number;
  /** Longest body. Default 1 MiB. */
  maxBody: number;
  /** Longest body that is skipped to keep a connection after an error. Default 16 MiB. */
  maxDiscard: number;
}

/** The default limits. */
export const DEFAULT_LIMITS: Readonly<WireLimits> = {
  maxLine: 8192,
  maxBody: 1 << 20,
  maxDiscard: 1 << 24,
};
