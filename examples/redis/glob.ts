// Patterns of keys: `*`, `?`, `[a-z]`, `[^a-z]`, and `\` before a character that stands for itself.

/** One place of a pattern: any characters, or whether it matches one character. */
type Place = "*" | ((code: number) => boolean);

const ANY = (): boolean => true;

/** A pattern, ready to match. */
export type Glob = readonly Place[];

/** Reads a pattern. A class that does not end reaches to the end of the pattern. */
export function readGlob(pattern: string): Glob {
  const places: Place[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === "*") {
      if (places.at(-1) !== "*") places.push("*");
    } else if (character === "?") places.push(ANY);
    else if (character === "[") {
      const [matches, end] = readClass(pattern, at + 1);
      places.push(matches);
      at = end;
    } else {
      if (character === "\\" && at + 1 < pattern.length) at++;
      const code = pattern.charCodeAt(at);
      places.push((other) => other === code);
    }
  }
  return places;
}

/** Reads a class behind its `[`. Returns it with the index of its `]`. */
function readClass(
  pattern: string,
  start: number,
): [matches: Place & Exclude<Place, "*">, end: number] {
  const isNot = pattern[start] === "^";
  const ranges: [number, number][] = [];
  let at = isNot ? start + 1 : start;
  for (; at < pattern.length && pattern[at] !== "]"; at++) {
    if (pattern[at] === "\\" && at + 1 < pattern.length) {
      at++;
      ranges.push([pattern.charCodeAt(at), pattern.charCodeAt(at)]);
      continue;
    }
    const from = pattern.charCodeAt(at);
    if (pattern[at + 1] !== "-" || at + 2 >= pattern.length) {
      ranges.push([from, from]);
      continue;
    }
    const to = pattern.charCodeAt(at + 2);
    ranges.push(from < to ? [from, to] : [to, from]);
    at += 2;
  }
  return [(code) => ranges.some(([from, to]) => code >= from && code <= to) !== isNot, at];
}

/**
 * Whether a text matches. Goes back to the last `*` only, so the time grows with the length of the text times that of the
 * pattern.
 */
export function matchesGlob(glob: Glob, text: string): boolean {
  let place = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const next = glob[place];
    if (next === "*") {
      star = place++;
      starAt = at;
    } else if (next?.(text.charCodeAt(at))) {
      place++;
      at++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (glob[place] === "*") place++;
  return place === glob.length;
}
