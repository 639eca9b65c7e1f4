// The number of answers in a pattern.

/** The number of requests that a pattern answers: its final lines, without lines within bodies. */
export function countFinals(pattern: string): number {
  let finals = 0;
  for (let rest = pattern; rest !== "";) {
    const end = rest.indexOf("\n");
    const line = end < 0 ? rest : rest.slice(0, end);
    rest = end < 0 ? "" : rest.slice(end + 1);
    if (/^…?(#[^ ]+ )?(OK|ERR)( |$)/.test(line)) finals++;
    const length = / \{([0-9]+|…)\}$/.exec(line)?.[1];
    if (length === undefined) continue;
    const body = length === "…" ? /^[^\n]*/.exec(rest)![0] : bodyOf(rest, Number(length));
    rest = rest.slice(body.length).replace(/^\n/, "");
  }
  return finals;
}

/** The first `length` bytes of a text, as text. */
function bodyOf(text: string, length: number): string {
  // Every character has at least one byte.
  const bytes = new TextEncoder().encode(text.slice(0, length));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, length));
}
