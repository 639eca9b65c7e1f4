/** Options of a connection. */
export interface DialOptions {
  /** Aborts the attempt, which rejects with the signal's reason. */
  signal?: AbortSignal;
  /** For `tls://` and `wss://`: the certificates to trust, and the client's own. Not in browsers. */
  tls?: ClientTls;
  /**
   * For `tls://`: the name of the wire protocol (ALPN), so that a server of another protocol does not answer instead.
   * Default: any server may answer.
   */
  alpn?: string;
}

/** The certificates that prove who the server is, and who the client is. */
export interface ClientTls {
  /** Certificates of authorities to trust as well, as PEM text. Default: those that the platform trusts. */
  caCerts?: readonly string[];
  /** The name that the server's certificate must bear. Default: the host of the address. Not for `wss://`. */
  serverName?: string;
  /** The client's certificate, followed by those of its issuers, as PEM text. Needs `key`. Default: none. */
  cert?: string;
  /** The private key of `cert`, as PEM text. */
  key?: string;
}
