import { assertEquals, assertInstanceOf } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { readPeerCertificate } from "../../net/peer_certificate.ts";
import { certified, identity } from "../transports/tls.ts";
import { withSeed } from "../seeded_random.ts";

const der = (pem: string): Uint8Array => new Uint8Array(new X509Certificate(pem).raw);

Deno.test("a certificate is known by its fingerprint and its alternative names", () => {
  const client = readPeerCertificate(der(certified.cert!));
  assertEquals(client, {
    fingerprint: new X509Certificate(certified.cert!).fingerprint256.replaceAll(":", "")
      .toLowerCase(),
    sans: [
      "DNS:worker.example.org",
      "URI:spiffe://example.org/worker",
      "email:worker@example.org",
    ],
  });
  assertEquals(readPeerCertificate(der(identity.cert)).sans, ["DNS:localhost", "IP:127.0.0.1"]);
});

/** An element of DER. */
const element = (tag: number, ...parts: (Uint8Array | string)[]): Uint8Array => {
  const body = parts.flatMap((part) => [
    ...(typeof part === "string" ? new TextEncoder().encode(part) : part),
  ]);
  return new Uint8Array([tag, 0x82, body.length >> 8, body.length & 255, ...body]);
};

/** The part of a certificate in which its alternative names are. */
const withNames = (...names: Uint8Array[]): Uint8Array => {
  const id = new Uint8Array([0x06, 3, 0x55, 0x1d, 0x11]);
  const other = element(0x30, new Uint8Array([0x06, 3, 0x55, 0x1d, 0x0f]), element(0x04, "x"));
  const extension = element(0x30, id, element(0x04, element(0x30, ...names)));
  return element(0x30, element(0x30, element(0xa3, element(0x30, other, extension))));
};

Deno.test("a name that would look like two, or hides a part, is no name", () => {
  const certificate = withNames(
    element(0x86, "spiffe://x, DNS:admin.example.org"),
    element(0x82, "admin.example.org\0.evil.example"),
    element(0x82, "ädmin.example.org"),
    element(0x82, ""),
    element(0x82, "good.example.org"),
    element(0x87, new Uint8Array([10, 0, 0, 1])),
    element(0x87, new Uint8Array([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
    element(0x87, new Uint8Array([10, 0, 0])),
    element(0xa0, "DNS:other name"),
    element(0x81, "a,b@example.org"),
  );
  assertEquals(readPeerCertificate(certificate).sans, [
    "DNS:good.example.org",
    "IP:10.0.0.1",
    "IP:2001:db8::1",
    "email:a,b@example.org",
  ]);
});

Deno.test("bytes that are no certificate are told as such", () => {
  const whole = der(certified.cert!);
  withSeed((random) => {
    for (let i = 0; i < 2000; i++) {
      const bytes = whole.slice(0, i % 3 === 0 ? Math.floor(random() * whole.length) : undefined);
      for (let n = 0; n < 3; n++) bytes[Math.floor(random() * bytes.length)] = random() * 256;
      try {
        readPeerCertificate(bytes);
      } catch (error) {
        assertInstanceOf(error, TypeError);
      }
    }
  });
});
