// The certificates of tls/, see make.sh there.

import type { TlsIdentity, TlsTrust } from "../../net/mod.ts";

const read = (name: string): string =>
  Deno.readTextFileSync(new URL(`./tls/${name}`, import.meta.url));

/** The path of the authority's certificate. */
export const AUTHORITY_FILE = new URL("./tls/authority.pem", import.meta.url).pathname;

/** The certificate of a test's server, for localhost and 127.0.0.1. */
export const identity: TlsIdentity = { cert: read("server.pem"), key: read("server.key") };

/** The authority that its clients trust. */
export const trust: TlsTrust = { caCerts: [read("authority.pem")] };
