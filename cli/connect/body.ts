// A body typed or pasted over several lines.

import { encodeText } from "../../protocol/strings.ts";

/** Takes the lines of a body. */
export interface Collector {
  /** What the prompt shows meanwhile. */
  readonly prompt: string;
  /** Takes a line: the body once it is whole, what is wrong where it cannot be, `undefined` where more must come. */
  add(line: string): Uint8Array | { readonly wrong: string } | undefined;
}

/** Lines up to one that is `mark` and nothing else; between them are line feeds, behind the last is none. */
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

/** So many bytes, line feeds between the lines included: what `{n}` announces. */
export function counted(length: number): Collector {
  const lines: string[] = [];
  let size = -1;
  return {
    prompt: `{${length}}> `,
    add(line) {
      lines.push(line);
      size += encodeText(line).length + 1;
      if (size < length) return undefined;
      if (size === length) return encodeText(lines.join("\n"));
      return { wrong: `These are ${size} bytes; {${length}} was announced.` };
    },
  };
}
