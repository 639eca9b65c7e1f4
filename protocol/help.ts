// The texts of HELP, for a person at a terminal.

import { partsOf } from "./combine.ts";
import type { CompiledCommand, CompiledProtocol } from "./compile.ts";
import { isOptional, type NamedField } from "./fields.ts";
import { usageLine } from "./usage.ts";
import { commonOptions } from "./spec.ts";
import { standardErrors } from "./errors.ts";
import { describe } from "./describe.ts";

/**
 * The text of HELP: one line for each command. Lines end in `\n`.
 *
 * @example
 * ```ts
 * import { compile, helpText } from "@lineup/lineup/protocol";
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
 * assertStringIncludes(helpText(calc), "ADD a [b]  Add.");
 * ```
 */
export function helpText(compiled: CompiledProtocol): string {
  const { protocol, commands } = compiled;
  const rest = [...commands.values()].filter((each) => each.builtin);
  const lines: string[] = [];
  for (const { name, version, summary, description, verbs } of partsOf(protocol)) {
    lines.push(`${name} ${version}: ${summary}`);
    if (description !== undefined) lines.push("", ...wrap(description));
    lines.push("", ...columns(verbs.map((verb) => row(commands.get(verb)!))), "");
  }
  lines.push("Every server:", ...columns(rest.map(row)));
  lines.push("", "HELP <command> explains one. A body is the last word, or {n} and then n bytes.");
  return lines.join("\n");
}

/**
 * The text of `HELP verb`: usage, arguments, reply, errors, examples.
 *
 * @example
 * ```ts
 * import { commandHelp, compile } from "@lineup/lineup/protocol";
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
 * assertStringIncludes(commandHelp(calc.commands.get("ADD")!), "Reply (OK):\n  sum=");
 * ```
 */
export function commandHelp(compiled: CompiledCommand): string {
  const { command, request, reply, items, errors } = compiled;
  const lines = [usageLine(compiled), `  ${command.summary}`];
  if (command.description !== undefined) lines.push("", ...wrap(command.description, "  "));
  const args = [...request.positional, ...(request.body === undefined ? [] : [request.body])];
  section(lines, "Arguments:", args.map((arg) => [`  ${arg.name}`, explain(arg)]));
  const options = [...request.named.values()].filter((each) =>
    !Object.hasOwn(commonOptions, each.name)
  );
  section(lines, "Options:", options.map((option) => [`  ${option.name}=`, explain(option)]));
  if (items !== undefined) section(lines, "Each item (*):", replyRows(items));
  section(lines, "Reply (OK):", replyRows(reply));
  const own = [...errors].filter(([code]) => !Object.hasOwn(standardErrors, code));
  section(lines, "Errors (ERR):", own.map(([code, error]) => [`  ${code}`, error.summary]));
  for (const { request, reply } of command.examples ?? []) {
    lines.push("", "Example:", ...indent(request), ...indent(reply));
  }
  return lines.join("\n");
}

function replyRows(shape: CompiledCommand["reply"]): string[][] {
  const body = shape.body === undefined ? [] : [shape.body];
  return [
    ...shape.positional.map((each) => [`  ${each.name}`, explain(each)]),
    ...[...shape.named.values()].map((each) => [`  ${each.name}=`, explain(each)]),
    ...body.map((each) => ["  {n}", explain(each)]),
  ];
}

function row(compiled: CompiledCommand): string[] {
  const { request, verb } = compiled;
  const args = request.positional.map((each) => {
    const name = each.many ? `${each.name}...` : each.name;
    return isOptional(each) ? ` [${name}]` : ` ${name}`;
  });
  if (request.body !== undefined) args.push(isOptional(request.body) ? " [body]" : " body");
  return [`  ${verb}${args.join("")}`, compiled.command.summary];
}

function explain(field: NamedField): string {
  const what = describe(field);
  const parts = [
    field.summary === undefined ? capital(what) + "." : `${field.summary} ${capital(what)}.`,
  ];
  if (field.many) parts.push("One or more.");
  if (field.default !== undefined) parts.push(`Default ${field.default}.`);
  return parts.join(" ");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function section(lines: string[], title: string, rows: string[][]): void {
  if (rows.length > 0) lines.push("", title, ...columns(rows));
}

function columns(rows: string[][]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, text]) => name.padEnd(width) + text);
}

function indent(text: string): string[] {
  return text.split("\n").map((line) => `  ${line}`);
}

function wrap(text: string, indent = ""): string[] {
  return text.split("\n").flatMap((paragraph) => {
    const lines: string[] = [];
    let line = indent;
    for (const word of paragraph.split(" ")) {
      if (line.length + word.length > 76 && line !== indent) {
        lines.push(line.trimEnd());
        line = indent;
      }
      line += word + " ";
    }
    return [...lines, line.trimEnd()];
  });
}
