import type { OpeningOptions } from "./pending_handshakes.ts";
import type { ProxyOptions } from "./proxied_listener.ts";
import type { TlsIdentity } from "./tls_identity.ts";

/** Options of a listener. */
export interface ListenOptions extends OpeningOptions {
  /**
   * For addresses with a port: whether other listeners of this user may have the same port (SO_REUSEPORT). Each connection
   * goes to one of them. Default false.
   */
  sharePort?: boolean;
  /** For `tls://` and `wss://`: the server's certificate and its key. */
  tls?: TlsIdentity;
  /** For `tls://` and `wss://`: whether the listener can get another certificate while it listens. Default false. */
  renewable?: boolean;
  /** For `tls://`: the name of the wire protocol (ALPN). Default: no name is negotiated. */
  alpn?: string;
  /** For `ws://` and `wss://`: the text for a browser that opens the address as a page. */
  about?: string;
  /**
   * For `ws://` and `wss://`: the pages that may connect, by their origin (`https://example.org`), or `*`. Default: the pages of the
   * listener's own host and port. Clients that are no browsers may always connect.
   */
  origins?: readonly string[];
  /** For `ws://` and `wss://`: the longest message in bytes, at least 65536, the default. */
  maxMessage?: number;
  /** For `tcp://`, `ws://` and `unix:`: each connection begins with a PROXY header. */
  proxy?: ProxyOptions;
  /** For `unix:`: the name of its clients, which have no addresses. Default `unix`. */
  peer?: string;
  /**
   * For `unix:`: the mode of the socket's file, which decides which users may connect. Default 0o600: this user only.
   */
  socketMode?: number;
  /** For `ws://` and `wss://`: called for each message that is too long. */
  onLongMessage?: () => void;
}
