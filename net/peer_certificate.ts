// The certificate of the other end of a TLS connection: the facts by which it is known.

import { createHash } from "node:crypto";

/** The certificate by which the other end of a connection has proved who it is. It holds no secret. */
export interface PeerCertificate {
  /** The SHA-256 of the certificate in DER, as 64 hexadecimal digits in lower case. */
  readonly fingerprint: string;
  /**
   * Its subject alternative names, as OpenSSL writes them: `DNS:worker.example.org`, `URI:spiffe://example.org/worker`,
   * `email:worker@example.org`, `IP:10.0.0.1`. Names of other kinds, and names with spaces, controls or letters beyond
   * ASCII, are left out.
   */
  readonly sans: readonly string[];
}

/** Reads a certificate in DER. Throws a `TypeError` for bytes that are none. */
export function readPeerCertificate(der: Uint8Array): PeerCertificate {
  return {
    fingerprint: createHash("sha256").update(der).digest("hex"),
    sans: subjectAltNames(der),
  };
}

// A library writes all names into one text, and in Deno does not quote them there: one name could then look like two.
// The structure of the bytes cannot be forged. TLS has checked it and the signature before.

/** An element of DER. */
interface Element {
  readonly tag: number;
  readonly body: Uint8Array;
}

const SEQUENCE = 0x30, OID = 0x06, OCTET_STRING = 0x04, EXTENSIONS = 0xa3;
/** The object identifier of subjectAltName, 2.5.29.17. */
const SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11];
/** The kinds of names by their tags (RFC 5280, section 4.2.1.6). */
const KINDS: Readonly<Record<number, string>> = { 0x81: "email", 0x82: "DNS", 0x86: "URI" };
const IP_ADDRESS = 0x87;

function subjectAltNames(der: Uint8Array): string[] {
  const [certificate] = elements(der);
  const [signed] = elements(need(certificate, SEQUENCE));
  const extensions = elements(need(signed, SEQUENCE)).find(({ tag }) => tag === EXTENSIONS);
  if (extensions === undefined) return [];
  const [list] = elements(extensions.body);
  const names: string[] = [];
  for (const extension of elements(need(list, SEQUENCE))) {
    const parts = elements(need(extension, SEQUENCE));
    const id = need(parts[0], OID);
    if (id.length !== 3 || SUBJECT_ALT_NAME.some((byte, i) => byte !== id[i])) continue;
    const [all] = elements(need(parts.at(-1), OCTET_STRING));
    for (const { tag, body } of elements(need(all, SEQUENCE))) {
      const name = tag === IP_ADDRESS ? addressOf(body) : textOf(body);
      const kind = tag === IP_ADDRESS ? "IP" : KINDS[tag];
      if (kind !== undefined && name !== undefined) names.push(`${kind}:${name}`);
    }
  }
  return names;
}

function need(element: Element | undefined, tag: number): Uint8Array {
  if (element?.tag !== tag) throw new TypeError("these bytes are no certificate in DER");
  return element.body;
}

/** The elements that follow each other in `bytes`. */
function elements(bytes: Uint8Array): Element[] {
  const all: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at++];
    let length = bytes[at++];
    if (length >= 0x80) {
      const size = length & 0x7f;
      length = size === 0 || size > 4 ? NaN : 0;
      for (let i = 0; i < size; i++) length = length * 256 + bytes[at++];
    }
    // Also where a byte of the length is missing.
    if (!(at + length <= bytes.length)) throw new TypeError("an element of DER is cut off");
    all.push({ tag, body: bytes.subarray(at, at + length) });
    at += length;
  }
  return all;
}

function textOf(bytes: Uint8Array): string | undefined {
  const isPlain = bytes.length > 0 && bytes.every((byte) => byte > 0x20 && byte < 0x7f);
  return isPlain ? String.fromCharCode(...bytes) : undefined;
}

function addressOf(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) return undefined;
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] << 8 | bytes[2 * i + 1]));
  // The canonical form of an address (RFC 5952) is the one of URLs.
  const url = new URL(`http://[${groups.map((group) => group.toString(16)).join(":")}]`);
  return url.hostname.slice(1, -1);
}
