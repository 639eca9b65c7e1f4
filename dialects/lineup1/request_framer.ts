// The framing of requests, for a server.

import type { WireLimits } from "../wire_limits.ts";
import { lengthBehind } from "./body_length.ts";
import { faultText } from "./fault_text.ts";
import type { Line } from "./line.ts";
import { type FaultHandling, LineFramer } from "./line_framer.ts";
import { LineParser } from "./line_parser.ts";
import { RequestInput } from "./request_input.ts";
import { readVerb } from "./verb.ts";

/** Explains a bad line to a person, and reads on behind it. */
export const TOLERANT: FaultHandling = { explain: faultText, lengthBehind };

/** A framer of requests. `make` makes a request of a line, whose `words` and `options` it may keep. */
export function createRequestFramer<F extends { body: Uint8Array | undefined }>(
  limits: WireLimits,
  make: (line: Line) => F,
): LineFramer<F> {
  const parts = {
    parser: new LineParser(readVerb),
    make,
    faults: TOLERANT,
    server: new RequestInput(),
  };
  return new LineFramer(parts, limits);
}
