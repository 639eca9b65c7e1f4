// The verb of a request.

import { decodeText } from "../../protocol/strings.ts";
import { Fault } from "./fault.ts";
import type { Line } from "./line.ts";
import { isSpace, wordEnd } from "./line_parser.ts";

const HYPHEN = 0x2d, ZERO = 0x30, NINE = 0x39;
const LONGEST = 32;

/** Reads the verb of a request. */
export function readVerb(bytes: Uint8Array, at: number, end: number, line: Line): number {
  let stop = at;
  let lower = false;
  for (; stop < end; stop++) {
    const byte = bytes[stop];
    if (byte >= 0x41 && byte <= 0x5a) continue;
    if (byte >= 0x61 && byte <= 0x7a) lower = true;
    else if (stop === at || !(byte === HYPHEN || (byte >= ZERO && byte <= NINE))) break;
  }
  if (stop === at || stop - at > LONGEST || (stop < end && !isSpace(bytes[stop]))) {
    throw new Fault("verb", decodeText(bytes, at, wordEnd(bytes, at, end)));
  }
  const verb = decodeText(bytes, at, stop);
  line.head = lower ? verb.toUpperCase() : verb;
  return stop;
}
