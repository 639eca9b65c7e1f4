// The generated part of a page in docs/: Markdown between two markers. People write the rest of the page.

/** A table as `deno fmt` formats it: each cell is as wide as the widest one of its column. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, i) => Math.max(3, ...rows.map((row) => row[i].length)));
  const lines = rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join(" | "));
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)).join(" | "));
  return lines.map((line) => `| ${line} |`).join("\n");
}

/** Replaces the part of a page that a program of bench/ writes. Throws an error if the page lacks a marker. */
export function writePart(page: string, program: string, parts: readonly string[]): void {
  const file = new URL(`../docs/${page}`, import.meta.url);
  const begin = `<!-- bench/${program} writes this -->`;
  const end = "<!-- up to here -->";
  const [before, rest] = Deno.readTextFileSync(file).split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${file.pathname} lacks ${begin} or ${end}`);
  Deno.writeTextFileSync(file, [`${before}${begin}`, ...parts, `${end}${after}`].join("\n\n"));
}
