// Bytes, and the frames that a Framer makes of them, in short forms for tests.

import { type Framed, Framer, type Side, type WireLimits } from "@lineup/lineup/protocol";

/** Bytes from text (in UTF-8) and numbers. */
export function bytes(...parts: readonly (string | number | Uint8Array)[]): Uint8Array {
  return new Uint8Array(
    parts.flatMap((part) =>
      typeof part === "number"
        ? [part]
        : [...(typeof part === "string" ? new TextEncoder().encode(part) : part)]
    ),
  );
}

/** The pieces of `input` between `cuts`. */
export function pieces(input: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...new Set(cuts)].filter((cut) => cut > 0 && cut < input.length);
  ends.sort((a, b) => a - b);
  return [...ends, input.length].map((end, i) => input.subarray(i === 0 ? 0 : ends[i - 1], end));
}

/** The cuts that make every piece a single byte. */
export function everyByte(input: Uint8Array): number[] {
  return Array.from(input, (_, at) => at);
}

/** Pushes pieces into a framer and takes all frames. Calls `check` after each piece. */
export function drainInto(
  framer: Framer,
  parts: readonly Uint8Array[],
  check: (framer: Framer) => void = () => {},
): Framed[] {
  const found: Framed[] = [];
  for (const part of parts) {
    // A reader uses one buffer again and again, so no frame may point into it.
    const buffer = part.slice();
    framer.push(buffer);
    for (let framed; (framed = framer.next()) !== undefined;) found.push(framed);
    buffer.fill(0x7f);
    check(framer);
  }
  return found;
}

/** The frames of `input`, cut at `cuts`. */
export function read(
  side: Side,
  input: Uint8Array,
  cuts: readonly number[] = [],
  limits: Partial<WireLimits> = {},
): Framed[] {
  return drainInto(new Framer(side, limits), pieces(input, cuts));
}

/** A short form for comparison: the parts that a frame has, or the reason for which a line was refused. */
export function brief(framed: Framed): unknown {
  switch (framed.kind) {
    case "frame": {
      const { tag, head, words, options, body } = framed;
      return {
        head,
        ...(tag !== undefined && { tag }),
        ...(words.length > 0 && { words: [...words] }),
        ...(options.size > 0 && { options: Object.fromEntries(options) }),
        ...(body !== undefined && { body: [...body] }),
      };
    }
    case "malformed": {
      const { code, tag, fatal } = framed;
      return { code, ...(tag !== undefined && { tag }), ...(fatal && { fatal }) };
    }
    case "telnet":
      return { telnet: framed.option < 0 ? [framed.command] : [framed.command, framed.option] };
  }
}
