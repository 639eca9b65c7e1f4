// The bytes of a line: UTF-8 text without control characters, except the tab.

// PLAIN: text. HIGH: text if its neighbours complete it in UTF-8. STOP: never text.
const PLAIN = 0, HIGH = 1, STOP = 2;
const CLASSES = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x09 || (byte >= 0x20 && byte < 0x7f)) return PLAIN;
  return byte > 0x7f && byte < 0xff ? HIGH : STOP;
});

/** Finds the end of a line, and whether the line is ASCII: such a line needs no check of UTF-8. */
export class LineScanner {
  /** Whether all bytes were ASCII since this was last set to true. */
  ascii = true;

  /** The position of the first byte that is never text, such as a line feed; `bytes.length` where there is none. */
  scan(bytes: Uint8Array, at: number): number {
    for (; at < bytes.length; at++) {
      const kind = CLASSES[bytes[at]];
      if (kind === PLAIN) continue;
      if (kind === STOP) break;
      this.ascii = false;
    }
    return at;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Whether bytes without a STOP are UTF-8 without control characters (U+0080 to U+009F). */
export function isText(line: Uint8Array): boolean {
  for (let i = 0; i < line.length - 1; i++) {
    if (line[i] === 0xc2 && line[i + 1] >= 0x80 && line[i + 1] < 0xa0) return false;
  }
  try {
    utf8.decode(line);
    return true;
  } catch {
    return false;
  }
}

/** A byte for a message. */
export function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
