// The reference of a protocol, in Markdown.

import { partsOf } from "./combine.ts";
import type { CompiledCommand, CompiledProtocol } from "./compile.ts";
import { type ErrorSpec, standardErrors } from "./errors.ts";
import { isOptional, type NamedField } from "./fields.ts";
import { usageLine } from "./usage.ts";
import { printable, printableLines } from "./printable.ts";
import { commonOptions, type ProtocolPart } from "./spec.ts";
import { describe } from "./describe.ts";

/**
 * The reference of a protocol. Ends in a line end.
 *
 * @example
 * ```ts
 * import { compile, markdown } from "@lineup/lineup/protocol";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const calc = compile({
 *   name: "calc",
 *   version: "1.0",
 *   summary: "Adds.",
 *   commands: {
 *     ADD: { summary: "Add.", args: { a: "integer", b: "integer?" }, reply: { sum: "integer" } },
 *   },
 * });
 * assertStringIncludes(markdown(calc), "# calc 1.0");
 * ```
 */
export function markdown(compiled: CompiledProtocol): string {
  const { protocol, commands } = compiled;
  const rest = [...commands.values()].filter((each) => each.builtin);
  const blocks = [
    ...partsOf(protocol).flatMap((part) => partBlocks(part, commands)),
    "## What every server answers",
    ...rest.flatMap((each) => section(each).map((block) => block.replace(/^## /, "### "))),
    "## Options of every command",
    fieldTable(
      Object.entries(commonOptions).map(([name, field]) => ({ ...field, name, optional: true })),
    ),
    "## Errors of every command",
    errorTable(Object.entries(standardErrors)),
  ];
  return blocks.join("\n\n") + "\n";
}

/** One protocol of the reference. */
function partBlocks(
  { name, version, summary, description, verbs }: ProtocolPart,
  commands: CompiledProtocol["commands"],
): string[] {
  const own = verbs.map((verb) => commands.get(verb)!);
  return [
    `# ${name} ${version}`,
    sentence(summary),
    ...(description === undefined ? [] : paragraphs(description)),
    table(
      ["command", "what it does"],
      own.map(({ verb, command }) => [
        `[${verb}](#${verb.toLowerCase()})`,
        sentence(command.summary),
      ]),
    ),
    ...own.flatMap(section),
  ];
}

function section(compiled: CompiledCommand): string[] {
  const { verb, command, request, reply, items, errors } = compiled;
  const blocks = [`## ${verb}`, fence(usageLine(compiled)), sentence(command.summary)];
  if (command.description !== undefined) blocks.push(...paragraphs(command.description));
  const options = [...request.named.values()].filter((each) =>
    !Object.hasOwn(commonOptions, each.name)
  );
  const given = [...request.positional, ...(request.body ? [request.body] : []), ...options];
  if (given.length > 0) blocks.push(fieldTable(given, new Set(options)));
  if (items !== undefined) blocks.push("Each item (`*`):", fieldTable(fieldsOf(items)));
  const replied = fieldsOf(reply);
  if (replied.length > 0) blocks.push("Reply (`OK`):", fieldTable(replied));
  const own = [...errors].filter(([code]) => !Object.hasOwn(standardErrors, code));
  if (own.length > 0) blocks.push(errorTable(own));
  for (const example of command.examples ?? []) {
    if (example.summary !== undefined) blocks.push(sentence(example.summary));
    blocks.push(fence(`${example.request}\n${example.reply}`));
  }
  return blocks;
}

function fieldsOf(shape: CompiledCommand["reply"]): NamedField[] {
  return [...shape.positional, ...shape.named.values(), ...(shape.body ? [shape.body] : [])];
}

function fieldTable(
  fields: readonly NamedField[],
  options: ReadonlySet<NamedField> = new Set(),
): string {
  return table(
    ["name", "value", "default", "what it is for"],
    fields.map((field) => [
      "`" + field.name + (options.has(field) ? "=" : field.many ? "..." : "") + "`",
      sentence(describe(field)),
      field.default === undefined ? isOptional(field) ? "" : "required" : sentence(field.default),
      sentence(field.summary ?? ""),
    ]),
  );
}

function errorTable(errors: readonly (readonly [string, ErrorSpec])[]): string {
  return table(
    ["error", "what it means", "executed", "retry", "ends the connection"],
    errors.map(([code, error]) => [
      "`" + code + "`",
      sentence(error.summary),
      error.executed ?? "no",
      error.retry ? "yes" : "",
      sentence(error.ends ?? ""),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${head.map(() => " --- |").join("")}`, ...rows.map(line)].join("\n");
}

// An example may contain a fence.
function fence(text: string): string {
  const ticks = (text.match(/`+/g) ?? []).map(({ length }) => length + 1);
  const mark = "`".repeat(Math.max(3, ...ticks));
  return `${mark}text\n${printableLines(text)}\n${mark}`;
}

// Characters that Markdown reads as more than text: marks, HTML, links, addresses; and blocks at the beginning of a
// line. A mark between spaces, and an underscore within a word, are text.
const MARKS =
  /[\\`[\]<>|~]|(?<=\S)\*|\*(?=\S)|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|&(?=#?\w+;)|:(?=\/\/)|(?<=www)\.|@(?=[\w-]+\.)/giu;
const BLOCK = /^(?:[-+=#*]|\d{1,9}[.)](?=\s|$))/;
/** Code within a sentence: summaries may have it. */
const CODE = /(?<!`)(`[^`|\\\s](?:[^`|\\]*[^`|\\\s])?`)(?!`)/;

/** Foreign text as one line of Markdown that shows it as text: for a paragraph, or a cell of a table. */
function sentence(text: string): string {
  const line = printable(text.replace(/\s+/gu, " ").trim()).split(CODE)
    .map((part, index) => index % 2 === 1 ? part : part.replace(MARKS, "\\$&")).join("");
  return line.replace(BLOCK, (mark) => `${mark.slice(0, -1)}\\${mark.at(-1)}`);
}

/** The paragraphs of a text, divided by empty lines. */
function paragraphs(text: string): string[] {
  return text.split(/\n[^\S\n]*\n/).map(sentence).filter((each) => each !== "");
}
