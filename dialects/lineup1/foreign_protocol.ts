// Recognizes clients of other protocols: a web page could make a browser send commands here as HTTP.

/** The first byte of a TLS connection: a handshake record. */
export const TLS_HANDSHAKE = 0x16;

/** The message for a TLS client. */
export const SPEAKS_NO_TLS = "This port speaks Lineup/1 in plain text, without TLS.";

/** The message for an HTTP client. */
export const SPEAKS_NO_HTTP = "This port speaks Lineup/1, not HTTP.";

const HYPHEN = 0x2d, COLON = 0x3a, LOWER_A = 0x61, LOWER_Z = 0x7a;

/** Whether a line belongs to HTTP: a request line as the first line, or a header field. */
export function isHttp(bytes: Uint8Array, start: number, end: number, isFirst: boolean): boolean {
  return (isFirst && isRequestLine(bytes, start, end)) || isHeader(bytes, start, end);
}

/** A request line ends in ` HTTP/x.y`; `formatWord` quotes such a word, so no request of Lineup/1 ends in it. */
function isRequestLine(bytes: Uint8Array, start: number, end: number): boolean {
  const tail = String.fromCharCode(...bytes.subarray(Math.max(start, end - 9), end));
  return tail.startsWith(" HTTP/");
}

/** `Host: …` is no request of Lineup/1. It may follow a request line that looks like one. */
function isHeader(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  for (; at < end; at++) {
    const letter = bytes[at] | 0x20;
    if (!(letter >= LOWER_A && letter <= LOWER_Z) && bytes[at] !== HYPHEN) break;
  }
  return at > start && at < end && bytes[at] === COLON;
}
