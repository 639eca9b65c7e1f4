// The client's side of TLS, by node:tls.

import { isIP } from "node:net";
import { checkServerIdentity, connect, type ConnectionOptions, rootCertificates } from "node:tls";
import type { ClientTls } from "./dial_options.ts";
import { NodeTlsStream } from "./node_tls_stream.ts";
import type { ByteStream } from "./stream.ts";
import { StreamDuplex } from "./stream_duplex.ts";

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
  const socket = connect({ socket: duplex, ...nodeTlsOptions(host, tls, alpn) });
  const opened = new NodeTlsStream(socket, stream, duplex);
  try {
    await opened.until("secureConnect");
    return opened;
  } catch (error) {
    opened.close();
    throw error;
  }
}
