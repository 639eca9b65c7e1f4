import type { OpeningOptions } from "./pending_handshakes.ts";
import type { ProxyOptions } from "./proxied_listener.ts";

/** What the listener of an address may need beside it. */
export interface ListenOptions extends OpeningOptions {
  /** For `tls://`: the server's certificate, with those of its issuers behind it, and its key, as PEM. */
  tls?: TlsIdentity;
  /** For `tls://`: the name of the wire protocol (ALPN). Default: none is agreed on. */
  alpn?: string;
  /** For `ws://`: the text for a browser that opens the address as a page. */
  about?: string;
  /**
   * For `ws://`: the pages that may connect, by their origin (`https://example.org`), or `*`. Default:
   * those of the listener's own host and port, and what is no browser.
   */
  origins?: readonly string[];
  /** For `ws://`: the longest message in bytes, at least 65536, the default. */
  maxMessage?: number;
  /** For `tcp://`, `ws://` and `unix:`: each connection begins with a PROXY header. */
  proxy?: ProxyOptions;
  /** For `unix:`: what its clients are called, which have no addresses. Default `unix`. */
  peer?: string;
  /** For `unix:`: who may connect, as the mode of a file. Default 0o600: the user of this process. */
  socketMode?: number;
  /** Is told of each message that was too long. */
  onLongMessage?: () => void;
}

/** Who a server is, in PEM. */
export interface TlsIdentity {
  /** The certificate, and behind it those of its issuers. */
  cert: string;
  /** Its private key. */
  key: string;
}
