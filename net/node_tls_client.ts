// The client's side of TLS, by node:tls.

import { isIP } from "node:net";
import {
  checkServerIdentity,
  connect,
  type ConnectionOptions,
  rootCertificates,
  type TLSSocket,
} from "node:tls";
import type { ClientTls } from "./dial_options.ts";
import { NodeTlsStream } from "./node_tls_stream.ts";
import type { ByteStream } from "./stream.ts";
import { StreamDuplex } from "./stream_duplex.ts";
import { StreamError } from "./stream_error.ts";

/** The options of node:tls for a connection to a host. */
export function nodeTlsOptions(
  host: string,
  { caCerts, serverName = host, cert, key }: ClientTls,
  alpn: string | undefined,
): ConnectionOptions {
  return {
    ALPNProtocols: alpn === undefined ? undefined : [alpn],
    ca: caCerts && [...rootCertificates, ...caCerts],
    cert,
    key,
    // SNI takes no IP addresses (RFC 6066). The certificate is still checked against the address.
    servername: isIP(serverName) === 0 ? serverName : "",
    checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
  };
}

/**
 * Opens TLS on a stream to a host. Rejects with `StreamError`, and then closes the stream. In Deno, a socket of node:tls
 * itself reads on while nobody takes the bytes.
 */
export async function openNodeTls(
  stream: ByteStream,
  host: string,
  tls: ClientTls,
  alpn: string | undefined,
): Promise<ByteStream> {
  const duplex = new StreamDuplex(stream);
  const options = nodeTlsOptions(host, tls, alpn);
  // The connection is refused below, because node:tls in Deno tells of most reasons in the same words.
  const socket = connect({ socket: duplex, ...options, rejectUnauthorized: false });
  const opened = new NodeTlsStream(socket, stream, duplex);
  try {
    await opened.until("secureConnect");
    if (socket.authorized) return opened;
    throw new StreamError("InvalidData", `the TLS handshake failed: ${whyNotTrusted(socket)}`);
  } catch (error) {
    opened.close();
    throw error;
  }
}

/** The reason why the certificate of a server is not right, in the words of OpenSSL. */
function whyNotTrusted(socket: TLSSocket): string {
  const { validFrom, validTo } = socket.getPeerX509Certificate() ?? { validFrom: "", validTo: "" };
  const now = Date.now();
  if (now > Date.parse(validTo)) return "certificate has expired";
  if (now < Date.parse(validFrom)) return "certificate is not yet valid";
  return String(socket.authorizationError).includes("ALTNAME")
    ? "Hostname/IP does not match certificate's altnames"
    : "unable to verify the first certificate";
}
