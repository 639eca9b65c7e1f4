/** The outcome of a call. */
export interface ReplyInfo {
  /** The verb. */
  readonly verb: string;
  /** The address that answered last; `undefined` for a call that was never sent. */
  readonly address: string | undefined;
  /** How often it was tried. */
  readonly attempts: number;
  /** Milliseconds from the call to its end. */
  readonly ms: number;
  /** Milliseconds that it waited at the server; with the option `timing` only. */
  readonly waited: number | undefined;
  /** Milliseconds that it ran at the server; with the option `timing` only. */
  readonly took: number | undefined;
  /** The traceparent that went with it. */
  readonly trace: string | undefined;
  /** The error; `undefined` for a call that was answered with `OK`. */
  readonly error: Error | undefined;
}

/** The bounds of a call, and the function that is told of its end. */
export interface CallLimits {
  /** Milliseconds from now after which the answer is of no use: told to the server and kept to here. */
  within?: number;
  /** Cancels the call, here and at the server. */
  signal?: AbortSignal;
  /** A W3C traceparent for the server. */
  trace?: string;
  /** Is told the outcome of the call. */
  onReply?: (info: ReplyInfo) => void;
}
