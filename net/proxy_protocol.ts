// The PROXY protocol, versions 1 and 2 (HAProxy, proxy-protocol.txt): a proxy names the client for which it connects.

import { formatHost } from "./address.ts";
import { ELSEWHERE_MS } from "./reset_time.ts";
import type { ByteStream } from "./stream.ts";

/** Bytes that are no PROXY header, or a header that its version does not allow. */
export class ProxyHeaderError extends Error {
  /** The name of the class. */
  override readonly name = "ProxyHeaderError";
}

/** A parsed header. */
export interface ProxyHeader {
  /**
   * The client of the proxy: `host:port`, or `unix` for a client of the proxy's Unix socket. `undefined` for a
   * connection of the proxy's own, such as a health check, and for a connection of which the proxy says nothing.
   */
  readonly peer: string | undefined;
  /** The number of bytes of the header. */
  readonly length: number;
}

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const LONGEST_V1 = 107;
const LONGEST_V2 = 16 + 2048;
const CRLF = "\r\n";

/**
 * Reads the header at the beginning of `bytes`; `undefined` where it needs more bytes. Throws `ProxyHeaderError`.
 */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeader | undefined {
  if (bytes.length === 0) return undefined;
  return bytes[0] === SIGNATURE[0] ? parseV2(bytes) : parseV1(bytes);
}

function parseV1(bytes: Uint8Array): ProxyHeader | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, LONGEST_V1));
  if (!"PROXY ".startsWith(text.slice(0, 6))) throw new ProxyHeaderError("not a PROXY header");
  const end = text.indexOf(CRLF);
  if (end < 0) {
    if (bytes.length >= LONGEST_V1) throw new ProxyHeaderError("a PROXY line has no end");
    return undefined;
  }
  const length = end + CRLF.length;
  const [, family, ...words] = text.slice(0, end).split(" ");
  if (family === "UNKNOWN") return { peer: undefined, length };
  const isAddress = family === "TCP4" ? isIpv4 : family === "TCP6" ? isIpv6 : undefined;
  const [source, destination, port, destinationPort] = words;
  if (
    isAddress === undefined || words.length !== 4 || !isAddress(source) ||
    !isAddress(destination) || !isPort(port) || !isPort(destinationPort)
  ) {
    throw new ProxyHeaderError(`not a PROXY line: ${JSON.stringify(text.slice(0, end))}`);
  }
  return { peer: peerOf(source, Number(port)), length };
}

function parseV2(bytes: Uint8Array): ProxyHeader | undefined {
  for (let i = 0; i < Math.min(bytes.length, SIGNATURE.length); i++) {
    if (bytes[i] !== SIGNATURE[i]) throw new ProxyHeaderError("not a PROXY header");
  }
  if (bytes.length < 16) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [version, command] = [bytes[12] >> 4, bytes[12] & 15];
  const length = 16 + view.getUint16(14);
  if (version !== 2 || command > 1) throw new ProxyHeaderError("an unknown version of PROXY 2");
  if (length > LONGEST_V2) throw new ProxyHeaderError(`a PROXY header of ${length} bytes`);
  if (bytes.length < length) return undefined;
  const LOCAL = 0, UNSPECIFIED = 0x00, TCP4 = 0x11, TCP6 = 0x21, UNIX = 0x31;
  if (command === LOCAL || bytes[13] === UNSPECIFIED) return { peer: undefined, length };
  if (bytes[13] === TCP4 && length >= 16 + 12) {
    return { peer: peerOf(bytes.subarray(16, 20).join("."), view.getUint16(24)), length };
  }
  if (bytes[13] === TCP6 && length >= 16 + 36) {
    const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(16 + 2 * i).toString(16));
    return { peer: peerOf(groups.join(":"), view.getUint16(48)), length };
  }
  if (bytes[13] === UNIX && length >= 16 + 216) return { peer: "unix", length };
  throw new ProxyHeaderError("PROXY 2 for something else than TCP or a Unix socket");
}

function peerOf(hostname: string, port: number): string {
  return formatHost({ hostname, port });
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 &&
    parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256);
}

function isPort(text: string): boolean {
  return /^(0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65_535;
}

function isIpv6(text: string): boolean {
  return /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(text) && URL.canParse(`http://[${text}]/`);
}

/**
 * The stream behind a proxy's header, with the peer that the header names. Rejects with `ProxyHeaderError`. The caller
 * bounds the time: it closes the stream.
 */
export async function readProxyHeader(stream: ByteStream): Promise<ByteStream> {
  const buffer = new Uint8Array(LONGEST_V2);
  let size = 0;
  let header: ProxyHeader | undefined;
  while ((header = parseProxyHeader(buffer.subarray(0, size))) === undefined) {
    const read = await stream.read(buffer.subarray(size));
    if (read === null) throw new ProxyHeaderError("the connection ended before its PROXY header");
    size += read;
  }
  return behind(stream, header.peer ?? stream.peer, buffer.subarray(header.length, size));
}

/** A stream that yields `rest` before its own bytes. */
function behind(stream: ByteStream, peer: string, rest: Uint8Array): ByteStream {
  return {
    peer,
    // The reset of a client comes through the proxy.
    resetTime: ELSEWHERE_MS,
    gone: stream.gone,
    read(buffer) {
      if (rest.length === 0) return stream.read(buffer);
      const part = rest.subarray(0, buffer.length);
      buffer.set(part);
      rest = rest.subarray(part.length);
      return Promise.resolve(part.length);
    },
    write: (bytes) => stream.write(bytes),
    closeWrite: () => stream.closeWrite(),
    close: () => stream.close(),
  };
}
