import type { OpeningOptions } from "./pending_handshakes.ts";
import type { ProxyOptions } from "./proxied_listener.ts";

/** Options of a listener. */
export interface ListenOptions extends OpeningOptions {
  /** For `tls://`: the server's certificate and its key. */
  tls?: TlsIdentity;
  /** For `tls://`: the name of the wire protocol (ALPN). Default: no name is negotiated. */
  alpn?: string;
  /** For `ws://`: the text for a browser that opens the address as a page. */
  about?: string;
  /**
   * For `ws://`: the pages that may connect, by their origin (`https://example.org`), or `*`. Default: the pages of the
   * listener's own host and port. Clients that are no browsers may always connect.
   */
  origins?: readonly string[];
  /** For `ws://`: the longest message in bytes, at least 65536, the default. */
  maxMessage?: number;
  /** For `tcp://`, `ws://` and `unix:`: each connection begins with a PROXY header. */
  proxy?: ProxyOptions;
  /** For `unix:`: the name of its clients, which have no addresses. Default `unix`. */
  peer?: string;
  /**
   * For `unix:`: the mode of the socket's file, which decides which users may connect. Default 0o600: this user only.
   */
  socketMode?: number;
  /** For `ws://`: called for each message that is too long. */
  onLongMessage?: () => void;
}

/** The certificate and key of a server, as PEM text. */
export interface TlsIdentity {
  /** The certificate, followed by the certificates of its issuers. */
  cert: string;
  /** Its private key. */
  key: string;
}
