// The interface of connections: a subset of Deno.Conn, so that TCP needs no wrapper around its calls.

import type { TlsIdentity } from "./tls_identity.ts";
import type { PeerCertificate } from "./peer_certificate.ts";

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
  /** The certificate by which the other end has proved who it is. Only where TLS asked for one. */
  readonly certificate?: PeerCertificate;
  /** The reason why the other end has not proved who it is although it must: it may only be told so. */
  readonly unproven?: string;
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
  /**
   * Gives new connections another certificate; those that are open keep theirs. Only where the listener speaks TLS and
   * was told that it is `renewable`. Rejects where the certificate cannot be used; then the old one stays.
   */
  readonly renew?: (identity: TlsIdentity) => Promise<void>;
  /** Stops listening. May be called again. */
  close(): void;
}

/** Writes all of `bytes`. */
export async function writeAll(stream: ByteStream, bytes: Uint8Array): Promise<void> {
  let written = await stream.write(bytes);
  while (written < bytes.length) written += await stream.write(bytes.subarray(written));
}
