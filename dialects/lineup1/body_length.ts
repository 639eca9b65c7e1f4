// The length of a body that a line announces: `{n}`.

const TAB = 0x09,
  SPACE = 0x20,
  QUOTE = 0x22,
  ZERO = 0x30,
  BACKSLASH = 0x5c,
  OPEN = 0x7b,
  CLOSE = 0x7d;

/**
 * The length whose brace opens at `at`: 1 to 10 digits without leading zeros, in the last word of the line. -1 for
 * anything else.
 */
export function bodyLength(bytes: Uint8Array, at: number, end: number): number {
  const close = trimmed(bytes, at, end) - 1;
  const digits = close - at - 1;
  if (bytes[close] !== CLOSE || digits < 1 || digits > 10) return -1;
  if (digits > 1 && bytes[at + 1] === ZERO) return -1;
  let length = 0;
  for (let i = at + 1; i < close; i++) {
    const digit = bytes[i] - ZERO;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}

/**
 * The length that a line outside the grammar announces. The body must be skipped, or its bytes would run as commands.
 * -1: the line announces none. `undefined`: the line is ambiguous.
 */
export function lengthBehind(
  bytes: Uint8Array,
  start: number,
  end: number,
  unclosed: boolean,
): number | undefined {
  end = trimmed(bytes, start, end);
  let quoted = false;
  let brace = -1;
  for (let i = start; i < end; i++) {
    if (bytes[i] === QUOTE) quoted = !quoted;
    else if (quoted && bytes[i] === BACKSLASH) i++;
    else if (!quoted && bytes[i] === OPEN && (i === start || isSpace(bytes[i - 1]))) {
      if (brace >= 0) return undefined;
      brace = i;
    }
  }
  // A line that ends in a brace may mean a length.
  if (quoted || unclosed || brace < 0) {
    return brace >= 0 || bytes[end - 1] === CLOSE ? undefined : -1;
  }
  const length = bodyLength(bytes, brace, end);
  return length < 0 ? undefined : length;
}

/** `end`, moved before trailing white space. */
function trimmed(bytes: Uint8Array, start: number, end: number): number {
  while (end > start && isSpace(bytes[end - 1])) end--;
  return end;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}
