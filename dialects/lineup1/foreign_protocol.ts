// How clients of other protocols give themselves away, who would be told nonsense otherwise, or made to send commands.

/** The first byte of TLS, which begins with a handshake record. */
export const TLS_HANDSHAKE = 0x16;

/** What is said to it. */
export const SPEAKS_NO_TLS = "This port speaks Lineup/1 in plain text, without TLS.";

/** What is said to HTTP. */
export const SPEAKS_NO_HTTP = "This port speaks Lineup/1, not HTTP.";

const HYPHEN = 0x2d, COLON = 0x3a, LOWER_A = 0x61, LOWER_Z = 0x7a;

/** Whether a line is of HTTP: a request line, if it is the first, or a header that follows one. */
export function isHttp(bytes: Uint8Array, start: number, end: number, isFirst: boolean): boolean {
  return (isFirst && isRequestLine(bytes, start, end)) || isHeader(bytes, start, end);
}

/** It ends in its version: a word that `formatWord` quotes. */
function isRequestLine(bytes: Uint8Array, start: number, end: number): boolean {
  const tail = String.fromCharCode(...bytes.subarray(Math.max(start, end - 9), end));
  return tail.startsWith(" HTTP/");
}

/** `Host: …` cannot be a request of ours, and may follow a request line that was made to look like one. */
function isHeader(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  for (; at < end; at++) {
    const letter = bytes[at] | 0x20;
    if (!(letter >= LOWER_A && letter <= LOWER_Z) && bytes[at] !== HYPHEN) break;
  }
  return at > start && at < end && bytes[at] === COLON;
}
