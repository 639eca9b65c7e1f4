// Recognizes clients of other protocols: a web page could make a browser, or curl, send commands here.

/** The first byte of a TLS connection: a handshake record. */
export const TLS_HANDSHAKE = 0x16;

/** A line of HTTP: a request, or a header field. And the first line of a client of DICT, such as curl dict://. */
const FOREIGN = /^(?:[A-Z]+ .* HTTP\/[0-9.]+|[A-Za-z][A-Za-z-]*:.*|CLIENT .*)$/;

/** Whether a line that is no command belongs to another protocol. */
export function isForeign(bytes: Uint8Array, start: number, end: number): boolean {
  return FOREIGN.test(new TextDecoder().decode(bytes.subarray(start, end)));
}
