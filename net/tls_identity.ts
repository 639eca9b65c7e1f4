/** The certificate and key of a server, as PEM text. */
export interface TlsIdentity {
  /** The certificate, followed by the certificates of its issuers. */
  cert: string;
  /** Its private key. */
  key: string;
  /**
   * The certificates of the authorities whose clients may connect. With them, the server asks each client for a
   * certificate. Default: clients are not asked.
   */
  clientCa?: string;
  /** Whether clients may have no certificate where the server asks. A wrong one is refused always. Default `required`. */
  clientCertificate?: "required" | "optional";
}
