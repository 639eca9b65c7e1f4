// A request as a person types it: words, some of them in quotes.

const SPACE = /[\t-\r ]*/y;
/** The part of a word before a quote or its end. */
const BARE = /[^"'\t\n\r ]*/y;
/** The last part of a word: nothing may follow the second quote but white space. */
const DOUBLE = /"((?:\\[^]|[^"\\])*)"(?![^\t-\r ])/y;
const SINGLE = /'((?:\\'|\\(?!')|[^'\\])*)'(?![^\t-\r ])/y;
const ESCAPE = /\\(?:x([\da-f]{2})|([^]))/gi;
const ESCAPED: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  a: "\x07",
};

/** The words of a line; `undefined` where its quotes are not balanced. */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(line);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  while (match(SPACE) && at < line.length) {
    const [bare] = match(BARE)!;
    const quote = line[at];
    if (quote !== '"' && quote !== "'") {
      words.push(bare);
      continue;
    }
    const quoted = match(quote === '"' ? DOUBLE : SINGLE);
    if (quoted === null) return undefined;
    words.push(bare + (quote === '"' ? unescape(quoted[1]) : quoted[1].replaceAll("\\'", "'")));
  }
  return words;
}

function unescape(text: string): string {
  return text.replace(
    ESCAPE,
    (_, hex, character) =>
      hex !== undefined ? String.fromCharCode(parseInt(hex, 16)) : ESCAPED[character] ?? character,
  );
}
