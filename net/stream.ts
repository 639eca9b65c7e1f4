// What a connection is to the layers above: a subset of Deno.Conn, so that TCP needs no wrapper around its calls.

/** One end of a connection: an ordered stream of bytes each way. */
export interface ByteStream {
  /** The other end, for logs and limits: `127.0.0.1:4711`, `unix`, `memory`. */
  readonly peer: string;
  /**
   * How long after a write a reset may take to come, in ms: where the other end has ended its side, nothing but that tells
   * that it is gone. 0 where the write itself fails. Default 0.
   */
  readonly resetTime?: number;
  /** Whether a reset (`ConnectionReset`) tells that the other end has not read what was written last. Default false. */
  readonly tellsUnread?: boolean;
  /** Resolves where the other end is gone that has ended its side before, if that can be known without a write. */
  readonly gone?: Promise<void>;
  /** Reads into `buffer`: the number of bytes, or `null` once the other end has sent its last. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of `bytes`: how many. Waits while the other end does not read. */
  write(bytes: Uint8Array): Promise<number>;
  /** Says that nothing more will be written; reading goes on. */
  closeWrite(): Promise<void>;
  /** Closes both directions at once; a call that waits is rejected. May be called again. */
  close(): void;
}

/** Where connections arrive. */
export interface Listener {
  /** The address that clients connect to, such as `tcp://127.0.0.1:5463`. */
  readonly address: string;
  /** The next connection, or `undefined` once the listener is closed. */
  accept(): Promise<ByteStream | undefined>;
  /** Stops listening. May be called again. */
  close(): void;
}

/** Writes all of `bytes`. */
export async function writeAll(stream: ByteStream, bytes: Uint8Array): Promise<void> {
  let written = await stream.write(bytes);
  while (written < bytes.length) written += await stream.write(bytes.subarray(written));
}
