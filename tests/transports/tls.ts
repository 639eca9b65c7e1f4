// The certificates of tls/, see make.sh there.

import type { ClientTls, TlsIdentity } from "../../net/mod.ts";

const read = (name: string): string =>
  Deno.readTextFileSync(new URL(`./tls/${name}`, import.meta.url));

/** The path of the authority's certificate. */
export const AUTHORITY_FILE = new URL("./tls/authority.pem", import.meta.url).pathname;

/** The certificate of a test's server, for localhost and 127.0.0.1. */
export const identity: TlsIdentity = { cert: read("server.pem"), key: read("server.key") };

/** The authority that its clients trust. */
export const trust: ClientTls = { caCerts: [read("authority.pem")] };

/** The authority of clients, for servers that ask for certificates. */
export const clientCa = read("clients.pem");

/** A client that proves who it is. */
export const certified: ClientTls = { ...trust, cert: read("client.pem"), key: read("client.key") };
