// The reference of a protocol in Markdown.

import type { CompiledCommand, CompiledProtocol } from "./compile.ts";
import { type ErrorSpec, standardErrors } from "./errors.ts";
import { isOptional, type NamedField } from "./fields.ts";
import { usageLine } from "./message.ts";
import { commonOptions } from "./spec.ts";
import { describe } from "./describe.ts";

/** The reference as Markdown; ends in a line end. */
export function markdown(compiled: CompiledProtocol): string {
  const { protocol, commands } = compiled;
  const all = [...commands.values()];
  const own = all.filter((each) => !each.standing);
  const rest = all.filter((each) => each.standing);
  const blocks = [
    `# ${protocol.name} ${protocol.version}`,
    protocol.summary,
    ...(protocol.description === undefined ? [] : [protocol.description]),
    table(
      ["command", "what it does"],
      own.map(({ verb, command }) => [
        `[${verb}](#${verb.toLowerCase()})`,
        command.summary,
      ]),
    ),
    ...own.flatMap(section),
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

function section(compiled: CompiledCommand): string[] {
  const { verb, command, request, reply, items, errors } = compiled;
  const blocks = [`## ${verb}`, fence(usageLine(compiled)), command.summary];
  if (command.description !== undefined) blocks.push(command.description);
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
    if (example.summary !== undefined) blocks.push(example.summary);
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
      describe(field),
      field.default ?? (isOptional(field) ? "" : "required"),
      field.summary ?? "",
    ]),
  );
}

function errorTable(errors: readonly (readonly [string, ErrorSpec])[]): string {
  return table(
    ["error", "what it means", "executed", "retry", "ends the connection"],
    errors.map(([code, error]) => [
      "`" + code + "`",
      error.summary,
      error.executed ?? "no",
      error.retry ? "yes" : "",
      error.ends ?? "",
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), `|${head.map(() => " --- |").join("")}`, ...rows.map(line)].join("\n");
}

function fence(text: string): string {
  return "```text\n" + text + "\n```";
}
