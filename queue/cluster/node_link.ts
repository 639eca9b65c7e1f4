// The connections to another node, as far as the remote engine needs them.

/** A call of another node. */
export interface NodeCall {
  /** FORWARD for one reply, FETCH for several parts. */
  readonly verb: "FORWARD" | "FETCH";
  /** The call as JSON, where the body has only its bytes. */
  readonly call?: string;
  /** The body of the request. */
  readonly body: Uint8Array;
  /** Takes each part of the answer. */
  readonly onPart?: (body: Uint8Array) => void;
}

/** A call that was sent. */
export interface SentCall {
  /**
   * Resolves with the body of the reply, behind all parts. Rejects with the `Refusal` of the other node, or with a
   * {@linkcode LinkLost}.
   */
  readonly reply: Promise<Uint8Array>;
  /** Asks the other node to end it, and goes on taking its answer. */
  stop(): void;
}

/** The connections to another node. */
export interface NodeLink {
  /** Sends a call. */
  send(call: NodeCall): SentCall;
  /** Ends the connections. */
  close(): Promise<void>;
}

/** The connection to another node was lost, or there was none. */
export class LinkLost extends Error {
  /** The name of the class. */
  override readonly name = "LinkLost";
  /** Whether the call may have had an effect. */
  readonly executed: "no" | "maybe";

  /** An error about a connection. */
  constructor(executed: "no" | "maybe", cause: unknown) {
    super(`the connection to the node was lost: ${(cause as Error).message}`, { cause });
    this.executed = executed;
  }
}
