// Bytes that are nearly requests: pieces of the grammar, bytes that break it, and flipped bits.

/** The parts of requests, and parts that break them. */
// deno-fmt-ignore
const PIECES = [
  "PING", "SAY x", "ECHO", "FLOW 3", "STATS", "HELP", "CANCEL a", "HELLO lineup/1", "GET / HTTP/1.1",
  "Host: x", " ", "  ", "\t", "\n", "\r\n", "\r\0", "\r", "\0", "#a ", "#", "=", "a=1", "a=", '"', '\\"',
  '"a b"', "\\x4", "\\u{1F600}", "\\u{d800}", "{", "}", "{0}", "{3}", "{3}\nabc\n", "{12}\r\n", "{1048577}",
  "{99999999999}", "é", "\ud83d\ude00", "within=1ms", "within=0s", "class=bulk", "trace=00-1", "!", "*", "OK",
] as const;

// deno-fmt-ignore
const RAW = [
  [0xff, 0xf4], [0xff, 0xfd, 0x06], [0xff, 0xfb, 0x01], [0xff, 0xfa, 0x01, 0xff, 0xf0], [0xff, 0xff],
  [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0x80], [0x16, 0x03, 0x01], [0x1b, 0x5b], [0xc2, 0x9b], [0x7f],
] as const;

const encoder = new TextEncoder();

/** A stream of bytes that are nearly requests. */
export function* fuzz(random: () => number): Generator<Uint8Array> {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)];
  for (;;) {
    const parts: number[] = [];
    for (let n = Math.ceil(random() * 12); n > 0; n--) {
      const kind = random();
      if (kind < 0.86) parts.push(...encoder.encode(pick(PIECES)));
      else if (kind < 0.95) parts.push(...pick(RAW));
      else for (let k = random() * 50; k > 0; k--) parts.push(Math.floor(random() * 256));
      if (kind < 0.3) parts.push(0x0a);
    }
    if (random() < 0.2) parts[Math.floor(random() * parts.length)] ^= 1 << Math.floor(random() * 8);
    yield Uint8Array.from(parts);
  }
}
