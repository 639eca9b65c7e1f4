/** The connection ended, or never began; `executed` says whether the request may have had an effect. */
export class ConnectionLost extends Error {
  /** The name of the class. */
  override readonly name = "ConnectionLost";
  /** `no` where the request was never written. */
  readonly executed: "no" | "maybe";

  /** An error about a connection. */
  constructor(message: string, executed: "no" | "maybe", options?: ErrorOptions) {
    super(message, options);
    this.executed = executed;
  }
}

/** The other end does not speak Lineup/1, or not the protocol that was asked for. The connection is closed. */
export class ProtocolError extends Error {
  /** The name of the class. */
  override readonly name = "ProtocolError";
}
