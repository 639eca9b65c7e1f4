// Templates of answers: text with the names of fields in it.

import { need } from "../../protocol/spec_error.ts";

/** The texts of fields by name; of a field with many values, all of them. */
export type FieldTexts = ReadonlyMap<string, string | readonly string[]>;

/** A part of a line: text as it is, or the name of a field. */
type TemplatePart = string | { readonly field: string; readonly quoted: boolean };

/** A line of a template: its parts, or the field whose value is any number of lines. */
export type TemplateLine =
  | { readonly parts: readonly TemplatePart[] }
  | { readonly block: string };

/** A template. */
export interface AnswerTemplate {
  /** Its place in the data of the dialect. */
  readonly path: string;
  /** Its lines. */
  readonly lines: readonly TemplateLine[];
  /** The names of its fields. */
  readonly fields: readonly string[];
}

const BLOCK = /^\{([a-z][a-z0-9-]*)\.{3}\}$/;
const FIELD = /\{([a-z][a-z0-9-]*)\}/;

/**
 * Reads a template. `quotes` are the characters that quote words: a field between two double quotes is written with
 * escapes. Throws `SpecError` at `path`.
 */
export function readTemplate(text: unknown, path: string, quotes: string = ""): AnswerTemplate {
  need(typeof text === "string" && text.isWellFormed(), path, "must be text");
  need(!/(?!\n)\p{Cc}/u.test(text), path, "must have no control characters but line feeds");
  const lines = text.split("\n").map((line): TemplateLine => {
    const block = BLOCK.exec(line)?.[1];
    return block === undefined ? { parts: readParts(line, path, quotes.includes('"')) } : { block };
  });
  const fields = lines.flatMap((line) =>
    "block" in line
      ? [line.block]
      : line.parts.flatMap((part) => typeof part === "string" ? [] : [part.field])
  );
  return { path, lines, fields };
}

function readParts(line: string, path: string, escapes: boolean): TemplatePart[] {
  const texts = line.split(FIELD);
  let isQuoted = false;
  return texts.map((text, i): TemplatePart => {
    if (i % 2 === 1) return { field: text, quoted: isQuoted && escapes };
    need(
      !/[{}]/.test(text),
      path,
      `a field is written {name}, or {name...} on a line of its own, not as in ${
        JSON.stringify(line)
      }`,
    );
    if (text.split('"').length % 2 === 0) isQuoted = !isQuoted;
    return text;
  });
}

/** Whether a template has a value of any number of lines. */
export function hasBlock({ lines }: AnswerTemplate): boolean {
  return lines.some((line) => "block" in line);
}

/** Whether a line has a field. */
export function hasField(parts: readonly TemplatePart[], name: string): boolean {
  return parts.some((part) => typeof part !== "string" && part.field === name);
}

/** The first template whose fields all have values; `undefined` where there is none. */
export function firstFit(
  templates: readonly AnswerTemplate[],
  texts: FieldTexts,
): AnswerTemplate | undefined {
  return templates.find(({ fields }) => fields.every((name) => texts.has(name)));
}

/** A line with its values, which may have line ends. White space before an empty value at its end is left out. */
export function fill(parts: readonly TemplatePart[], texts: FieldTexts): string {
  let line = "";
  let text = "";
  for (const part of parts) {
    // The parts of a template begin and end with text, which may be empty.
    if (part === "") continue;
    text = typeof part === "string" ? part : textOf(part, texts.get(part.field)!);
    line += text;
  }
  return text === "" ? line.trimEnd() : line;
}

function textOf(
  { quoted }: { readonly quoted: boolean },
  value: string | readonly string[],
): string {
  const text = typeof value === "string" ? value : value.join(" ");
  return quoted ? text.replace(/["\\]/g, "\\$&") : text;
}

/** The lines of a value, without their ends. Throws `RangeError` for a CR alone, which only some clients take for an end. */
export function linesOf(value: string | readonly string[]): string[] {
  if (typeof value !== "string") return value.flatMap(linesOf);
  const lines = value.split(/\r?\n/);
  if (lines.some((line) => line.includes("\r"))) throw new RangeError("a value has a CR alone");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
