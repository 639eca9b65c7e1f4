// The lines of a body that is typed or pasted.

import { encodeText } from "../../protocol/strings.ts";

/** Collects the lines of a body. */
export interface Collector {
  /** The prompt before each line. */
  readonly prompt: string;
  /** Adds a line. Returns the body if it is whole, why it is wrong, or `undefined` if more lines must come. */
  add(line: string): Uint8Array | { readonly wrong: string } | undefined;
}

/** Collects up to a line that is `mark`. The body has line feeds between its lines, and none at its end. */
export function linesTo(mark: string, most: number): Collector {
  const lines: string[] = [];
  let size = 0;
  return {
    prompt: `${mark}> `,
    add(line) {
      if (line === mark) return encodeText(lines.join("\n"));
      size += line.length + 1;
      if (size > most) return { wrong: `The server takes at most ${most} bytes of body.` };
      lines.push(line);
      return undefined;
    },
  };
}

/** Collects `length` bytes, the line feeds between the lines included: the body of `{n}`. */
export function bytesOf(length: number): Collector {
  const lines: string[] = [];
  let size = -1;
  return {
    prompt: `{${length}}> `,
    add(line) {
      lines.push(line);
      size += encodeText(line).length + 1;
      if (size < length) return undefined;
      if (size === length) return encodeText(lines.join("\n"));
      return { wrong: `The body has ${size} bytes instead of ${length}.` };
    },
  };
}
