// Where and how to serve.

import type { Dialect } from "../dialects/dialect.ts";
import type { TlsIdentity } from "../net/tls_identity.ts";
import type { Listener } from "../net/stream.ts";
import type { ServiceOptions } from "./options.ts";
import type { Reloadable } from "./reloads.ts";
import type { TlsFiles } from "./tls_files.ts";

/** Where and how to serve. */
export interface ServeOptions extends ServiceOptions {
  /** The wire protocol. Default: `lineup1`. */
  dialect?: Dialect;
  /**
   * Whether other servers of this user may listen at the same ports: during a restart, or as several processes. Each
   * connection goes to one of them. All of them must say so, and Deno needs its unstable network functions. Default
   * false.
   */
  sharePort?: boolean;
  /** The port; 0 takes a free one. Default 5463, LINE on a telephone. */
  port?: number;
  /** The name or address to listen at. Default 127.0.0.1: only clients on this machine can connect. */
  hostname?: string;
  /** Addresses or listeners to serve instead of `hostname` and `port`. */
  listen?: readonly (string | Listener | ProxiedAddress | ReservedAddress)[];
  /**
   * The mode of the files of `unix:` addresses, except reserved ones. It decides which users may connect. Default
   * 0o600: the user of this process.
   */
  socketMode?: number;
  /**
   * The server's certificate and key, or the files with them. `hostname` and `port` are then served over TLS, and `ws`
   * too, unless it has proxies. Files are read again when they change, and at SIGHUP: new connections get the new
   * certificate, open ones go on; the log tells of files that are wrong, which change nothing. With authorities of
   * clients, a client whose certificate is missing or wrong is told so and disconnected.
   */
  tls?: TlsIdentity | TlsFiles;
  /** Serves WebSockets as well, for browsers. */
  ws?: WebSocketOptions;
  /**
   * Whether to listen where other machines can connect although the server asks for no credentials. Default false:
   * `serve` throws.
   */
  insecure?: boolean;
  /**
   * Whether SIGINT and SIGTERM shut the server down; a second one closes every connection at once. SIGHUP then reads
   * `reloads` again, and never ends the server. Default false.
   */
  signals?: boolean;
  /**
   * Called at the first of these signals, before the server drains: such as to hand over to others. Requests go on until it has
   * resolved. Default: nothing.
   */
  beforeEnd?: () => Promise<void> | undefined;
  /**
   * What SIGHUP reads again, in this order; the log tells the outcome of each. The list may change while the server
   * runs. Default: nothing.
   */
  reloads?: readonly Reloadable[];
}

/** Options of WebSockets: `wss://` with a certificate, else `ws://`. */
export interface WebSocketOptions {
  /** The port; 0 takes a free one. Default: none but those of `listen`. */
  port?: number;
  /**
   * The pages that may connect, by their origin (`https://example.org`), or `*` for any. Default: pages of the same
   * host and port; programs that are no browsers always may.
   */
  origins?: readonly string[];
  /** The longest message in bytes; a longer one closes its WebSocket with 1009. At least 65536, the default. */
  maxMessage?: number;
  /** The proxies that connect to `port`, as in `ProxiedAddress`. Default: no header is expected. */
  proxyFrom?: readonly string[];
}

/**
 * An address that only proxies connect to. Each connection begins with a PROXY header (version 1 or 2), before the
 * request for a WebSocket where there is one.
 */
export interface ProxiedAddress {
  /** Where to listen: `tcp://`, `ws://` or `unix:`. A header before TLS cannot be read: let the proxy do the TLS. */
  readonly address: string;
  /**
   * The IP addresses of the proxies, and `unix:` for all that may connect to a Unix socket by the permissions of its
   * file. Other peers are turned away.
   */
  readonly proxyFrom: readonly string[];
}

/**
 * A Unix socket for the administrator. It has connections of its own, at any number of others and at any load. The
 * permissions of its file decide who may open it.
 */
export interface ReservedAddress {
  /** `unix:PATH`. */
  readonly address: string;
  /** Always true. */
  readonly reserved: true;
}
