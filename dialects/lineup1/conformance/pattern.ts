// Expected answers: lines in which `…` stands for any text.

/**
 * Whether an answer, in its canonical form with `\n` between its lines, is what a pattern expects. Patterns come from
 * servers too: time grows with the length of the answer, whatever the pattern is.
 */
export function matches(answer: string, pattern: string): boolean {
  const [first, ...rest] = pattern.split("…");
  const last = rest.pop();
  if (last === undefined) return answer === first;
  if (!answer.startsWith(first)) return false;
  // What stands first is taken: a later place leaves less room for the parts behind it.
  let at = first.length;
  for (const part of rest) {
    const found = answer.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return answer.length - last.length >= at && answer.endsWith(last);
}

/** How many requests a pattern answers: its final lines, those in bodies left out. */
export function countFinals(pattern: string): number {
  let finals = 0;
  for (let rest = pattern; rest !== "";) {
    const end = rest.indexOf("\n");
    const line = end < 0 ? rest : rest.slice(0, end);
    rest = end < 0 ? "" : rest.slice(end + 1);
    if (/^(#[^ ]+ )?(OK|ERR)( |$)/.test(line)) finals++;
    const length = / \{([0-9]+|…)\}$/.exec(line)?.[1];
    if (length === undefined) continue;
    const body = length === "…" ? /^[^\n]*/.exec(rest)![0] : bodyOf(rest, Number(length));
    rest = rest.slice(body.length).replace(/^\n/, "");
  }
  return finals;
}

/** The beginning of a text that has so many bytes. */
function bodyOf(text: string, length: number): string {
  // No character has less than one byte.
  const bytes = new TextEncoder().encode(text.slice(0, length));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, length));
}
