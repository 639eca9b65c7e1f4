/** Options of a connection. */
export interface DialOptions {
  /** Aborts the attempt, which rejects with the signal's reason. */
  signal?: AbortSignal;
  /** For `tls://`: the certificates to trust. Browsers and `wss://` trust the certificates of the platform only. */
  tls?: TlsTrust;
  /**
   * For `tls://`: the name of the wire protocol (ALPN), so that a server of another protocol does not answer instead.
   * Default: any server may answer.
   */
  alpn?: string;
}

/** The certificates that prove who the server is. */
export interface TlsTrust {
  /** Certificates of authorities to trust as well, as PEM text. Default: those that the platform trusts. */
  caCerts?: readonly string[];
  /** The name that the server's certificate must bear. Default: the host of the address. */
  serverName?: string;
}
