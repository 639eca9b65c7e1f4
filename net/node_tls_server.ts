// The server's side of TLS, by node:tls, on streams that are there already.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { setImmediate } from "node:timers";
import { createServer, type TLSSocket } from "node:tls";
import type { TlsIdentity } from "./tls_identity.ts";
import { NodeTlsStream } from "./node_tls_stream.ts";
import { type PeerCertificate, readPeerCertificate } from "./peer_certificate.ts";
import type { ByteStream } from "./stream.ts";
import { StreamDuplex } from "./stream_duplex.ts";
import { StreamError } from "./stream_error.ts";

/** Opens TLS on a stream. Rejects with `StreamError`; the caller then closes the stream. */
export type Handshake = (stream: ByteStream) => Promise<ByteStream>;

/**
 * The handshakes of a server. Where it asks for certificates, a connection without one that it trusts is opened too:
 * its `unproven` says what is wrong, so that the server can tell its client. Throws the errors of node:crypto for text that
 * is no certificate or no key, and `TypeError` for a key of another certificate.
 */
export function nodeTlsServer(identity: TlsIdentity, alpn: string | undefined): Handshake {
  const { cert, key, clientCa, clientCertificate = "required" } = identity;
  // node:tls would tell of a wrong one at each connection.
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    throw new TypeError("the key does not belong to the certificate");
  }
  if (clientCa !== undefined) new X509Certificate(clientCa);
  const server = createServer({
    cert,
    key,
    ca: clientCa,
    requestCert: clientCa !== undefined,
    // An alert of TLS would not tell the client what is wrong.
    rejectUnauthorized: false,
    ALPNProtocols: alpn === undefined ? undefined : [alpn],
  });
  // A server that does not listen: each connection is handed to it, with an emitter of its own for the outcome.
  const [onConnection] = server.listeners("connection");
  return (stream) =>
    new Promise((resolve, reject) => {
      const duplex = new StreamDuplex(stream);
      const outcomes: Readonly<Record<string, (subject: never) => void>> = {
        secureConnection(socket: TLSSocket) {
          resolve(
            clientCa === undefined
              ? new NodeTlsStream(socket, stream, duplex)
              : new ProvenStream(socket, stream, duplex, clientCertificate),
          );
        },
        tlsClientError(error: Error) {
          const message = `the TLS handshake failed: ${error.message}`;
          reject(new StreamError("InvalidData", message, { cause: error }));
        },
      };
      // After its end nothing comes: node:tls would keep the connection, which may be half open.
      duplex.once("end", () => {
        const error = new StreamError("ConnectionAborted", "the client left before its handshake");
        // The handshake may have come just before the end.
        setImmediate(() => reject(error));
      });
      const emit = (event: string, subject: unknown): void => outcomes[event]?.(subject as never);
      onConnection.call(Object.create(server, { emit: { value: emit } }), duplex);
    });
}

/** The connection of a client that may have proved who it is. */
class ProvenStream extends NodeTlsStream {
  readonly certificate: PeerCertificate | undefined;
  readonly unproven: string | undefined;

  constructor(
    socket: TLSSocket,
    stream: ByteStream,
    duplex: StreamDuplex,
    wanted: "required" | "optional",
  ) {
    super(socket, stream, duplex);
    const given = socket.getPeerX509Certificate();
    if (given === undefined) {
      if (wanted === "required") this.unproven = "this server asks its clients for a certificate";
    } else if (socket.authorized) this.certificate = readPeerCertificate(given.raw);
    else this.unproven = whyNotTrusted(given, Date.now());
  }
}

/** The reason why a certificate does not prove who the client is. node:tls gives the same for most of them. */
function whyNotTrusted(
  { validFrom, validTo }: { readonly validFrom: string; readonly validTo: string },
  now: number,
): string {
  if (now > Date.parse(validTo)) return `the client's certificate has expired: ${validTo}`;
  if (now < Date.parse(validFrom)) {
    return `the client's certificate is not valid yet: it is from ${validFrom} on`;
  }
  return "the client's certificate is not one that this server's authority has signed for clients";
}
