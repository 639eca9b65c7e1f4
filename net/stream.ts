// The interface of connections: a subset of Deno.Conn, so that TCP needs no wrapper around its calls.

/** The certificate of the other end, which TLS has checked. */
export interface PeerCertificate {
  /** The SHA-256 of its DER form, in hexadecimal digits, with or without colons. */
  readonly fingerprint: string;
  /** Its subject alternative names, as OpenSSL writes them: `DNS:worker.example.org`. */
  readonly sans: readonly string[];
}

/** One end of a connection: an ordered stream of bytes each way. */
export interface ByteStream {
  /** The other end, for logs and limits: `127.0.0.1:4711`, `unix`, `memory`. */
  readonly peer: string;
  /**
   * The longest time in ms between a write and the reset that it causes. Once the other end has ended its side, only a
   * reset tells that it is gone. 0 where the write itself fails. Default 0.
   */
  readonly resetTime?: number;
  /**
   * Whether a reset (`ConnectionReset`) tells that the other end has not read the last bytes written. Default false.
   */
  readonly tellsUnread?: boolean;
  /** The certificate of the other end. Default: it has shown none. */
  readonly certificate?: PeerCertificate;
  /** Resolves when the other end is gone after it had ended its side. Only where that is known without a write. */
  readonly gone?: Promise<void>;
  /** Reads into `buffer`. Resolves with the number of bytes, or `null` once the other end has ended its side. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of `bytes`; resolves with their number. Waits while the other end does not read. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends this side: nothing more is written. Reading goes on. */
  closeWrite(): Promise<void>;
  /** Closes both directions at once. Calls that wait reject. May be called again. */
  close(): void;
}

/** A source of connections. */
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
