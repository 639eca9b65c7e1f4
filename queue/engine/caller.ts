// The part of a client that an engine needs.

/** The connection of a client. The `ConnectedClient` of a server is one. */
export interface QueueClient {
  /** Its address, if anybody knows it. */
  readonly peer?: string;
  /** The identity that it has proved, if any. */
  readonly identity?: string | undefined;
  /** Whether the connection has ended. */
  readonly closed: boolean;
  /** Whether the client has ended its side: it may read on, or be gone. */
  readonly halfClosed: boolean;
  /** Calls `action` once when the connection has ended; soon if it has already. */
  whenClosed(action: () => void): void;
}

/** One request of a client. The `Context` of a server's handler is one. */
export interface Caller {
  /** The client that sent it. */
  readonly client: QueueClient;
  /** Aborted when the client no longer wants the answer. */
  readonly signal: AbortSignal;
  /** Waits without holding a seat. Rejects with the reason of `signal` as soon as that is aborted. */
  park<T>(promise: PromiseLike<T>): Promise<T>;
}
