/** How to connect, beside the address. */
export interface DialOptions {
  /** Ends the attempt, with its reason. */
  signal?: AbortSignal;
  /** For `tls://`, and where the platform lets them be chosen. Browsers and `wss://` take what the platform trusts. */
  tls?: TlsTrust;
}

/** Whom to believe that it is the server. */
export interface TlsTrust {
  /** Certificates of authorities to trust as well, as PEM text. Default: those that the platform trusts. */
  caCerts?: readonly string[];
  /** The name that the server's certificate must bear. Default: the host of the address. */
  serverName?: string;
}

/** The protocol as TLS names it (ALPN), so that a server of another protocol does not answer in its stead. */
export const ALPN = "lineup/1";
