// Lines of JSON that are objects of plain values. A hostile line must cost no more than its length: JSON.parse nests arrays
// as deep as they are written. Nor may a field be there twice: JSON.parse keeps the last one in silence.

/** A line that cannot be imported. The message says why, without the number of the line. */
export class BadLine extends Error {
  override readonly name = "BadLine";
}

/** The longest name of a field. */
const LONGEST_NAME = 128;
const QUOTE = 34, COMMA = 44, COLON = 58, BACKSLASH = 92, OPEN_LIST = 91, OPEN = 123, CLOSE = 125;

/** The fields of an object whose values are texts, numbers, true, false and null. Throws `BadLine`. */
export function parseFlat(line: string): Record<string, unknown> {
  checkFields(line);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new BadLine(`it is not JSON: ${(error as Error).message}`);
  }
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw new BadLine("it is not a JSON object");
}

/**
 * Throws `BadLine` for an object or array inside, and for two fields of a name. Where the line is no JSON this stops
 * there, and so does JSON.parse.
 */
function checkFields(line: string): void {
  const names = new Set<string>();
  let at = space(line, 0);
  const first = line.charCodeAt(at);
  if (first === OPEN_LIST) throw new BadLine("it is not a JSON object");
  if (first !== OPEN) return;
  do {
    at = space(line, at + 1);
    if (line.charCodeAt(at) !== QUOTE) return;
    const end = textEnd(line, at);
    const name = nameOf(line.slice(at, end));
    if (name === undefined) return;
    if (names.has(name)) throw new BadLine(`it has ${name} twice`);
    names.add(name);
    at = space(line, end);
    if (line.charCodeAt(at) !== COLON) return;
    at = space(line, at + 1);
    const begin = line.charCodeAt(at);
    if (begin === OPEN || begin === OPEN_LIST) {
      const what = begin === OPEN ? "an object" : "a list";
      throw new BadLine(`${name} must be a text, a number, true or false, not ${what}`);
    }
    at = begin === QUOTE ? space(line, textEnd(line, at)) : plainEnd(line, at);
  } while (line.charCodeAt(at) === COMMA);
}

function nameOf(text: string): string | undefined {
  if (text.length > LONGEST_NAME) {
    throw new BadLine(`the name of a field has at most ${LONGEST_NAME} characters`);
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function space(line: string, at: number): number {
  while (" \t\r\n".includes(line.charAt(at)) && at < line.length) at++;
  return at;
}

/** Behind the quote that ends the text which begins here. */
function textEnd(line: string, start: number): number {
  for (let end = start;;) {
    end = line.indexOf('"', end + 1);
    if (end === -1) return line.length;
    let escapes = 0;
    while (line.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return end + 1;
  }
}

function plainEnd(line: string, at: number): number {
  for (; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code === COMMA || code === CLOSE) break;
    // No number and no word has these.
    if (code === OPEN || code === OPEN_LIST || code === QUOTE) return line.length;
  }
  return at;
}
