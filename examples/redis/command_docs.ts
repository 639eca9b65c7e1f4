// COMMAND and COMMAND DOCS: everything that clients ask about commands, from the description of the protocol.

import type { NamedField } from "@lineup/lineup/protocol";
import type { CommandPlan } from "./command_plan.ts";
import type { TableEntry } from "./command_table.ts";
import { Simple } from "./reply.ts";

/** The least number of words of a request; negative where there may be more. */
function arityOf({ words, least, most }: CommandPlan): number {
  return most === least ? words + least : -(words + least);
}

/** The places of keys in a request: the first, the last (from the end where negative), and the step between them. */
function keysOf({ words, args, last }: CommandPlan): readonly [number, number, number] {
  const index = args.findIndex(({ name }) => name === "key" || name === "key-value");
  if (index < 0) return [0, 0, 0];
  const { name, many } = args[index];
  const first = words + index;
  return [first, many ? -1 - last.length : first, name === "key" ? 1 : 2];
}

function flagsOf(plan: CommandPlan): string[] {
  const { command, errors } = plan.command;
  const flags = plan.last.some(({ name }) => name === "timeout") ? ["blocking"] : [];
  if (errors.has("out-of-memory")) flags.push("denyoom");
  if (keysOf(plan)[0] > 0) flags.push(command.idempotent ? "readonly" : "write");
  return flags;
}

/** The reply of COMMAND for one command, as Redis 7 has it. */
export function commandInfo({ name, plan, subcommands }: TableEntry): unknown[] {
  const own = plan === undefined ? [name.toLowerCase(), -2, new Set(), 0, 0, 0] : infoOf(plan);
  const below = [...subcommands.values()].map((sub) => [...infoOf(sub), new Set(), [], [], []]);
  return [...own, new Set(), [], [], below];
}

function infoOf(plan: CommandPlan): unknown[] {
  const flags = flagsOf(plan).map((flag) => new Simple(flag));
  return [plan.name, arityOf(plan), new Set(flags), ...keysOf(plan)];
}

/** The reply of COMMAND DOCS for one command. */
export function commandDocs({ name, plan, subcommands }: TableEntry): Map<string, unknown> {
  const summary = `The commands that begin with ${name}.`;
  const docs = plan === undefined ? new Map<string, unknown>([["summary", summary]]) : docsOf(plan);
  if (subcommands.size > 0) {
    docs.set(
      "subcommands",
      new Map([...subcommands.values()].map((sub) => [sub.name, docsOf(sub)])),
    );
  }
  return docs;
}

function docsOf({ command, args, options, last }: CommandPlan): Map<string, unknown> {
  const { summary, description } = command.command;
  const docs = new Map<string, unknown>([
    ["summary", description === undefined ? summary : `${summary} ${description}`],
    ["group", command.builtin ? "connection" : "generic"],
  ]);
  const all = [
    ...args.map((field) => argumentDocs(field)),
    ...[...options].map(([token, field]) => argumentDocs(field, token)),
    ...last.map((field) => argumentDocs(field)),
  ];
  if (all.length > 0) docs.set("arguments", all);
  return docs;
}

const TYPES: Readonly<Record<string, string>> = { integer: "integer", number: "double" };

function argumentDocs(field: NamedField, token?: string): Map<string, unknown> {
  const { name, type, many, optional, values } = field;
  const docs = new Map<string, unknown>([["name", name]]);
  if (type === "boolean") docs.set("type", "pure-token");
  else if (type === "enum") docs.set("type", "oneof");
  else docs.set("type", name === "key" ? "key" : TYPES[type] ?? "string");
  if (name === "key") docs.set("key_spec_index", 0);
  if (token !== undefined) docs.set("token", token);
  const flags = [...optional ? ["optional"] : [], ...many ? ["multiple"] : []];
  if (flags.length > 0) docs.set("flags", new Set(flags.map((flag) => new Simple(flag))));
  if (values !== undefined) docs.set("arguments", values.map(tokenDocs));
  return docs;
}

function tokenDocs(token: string): Map<string, unknown> {
  return new Map([["name", token.toLowerCase()], ["type", "pure-token"], ["token", token]]);
}

/** The reply of HELP of some subcommands: lines for people. */
export function helpOf({ name, subcommands }: TableEntry): Simple[] {
  const lines = [`${name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  for (const [sub, { command, args, options, last }] of subcommands) {
    const words = [...args.map(usageOf), ...[...options].map(optionUsage), ...last.map(usageOf)];
    lines.push([sub, ...words].join(" "), `    ${command.command.summary}`);
  }
  return lines.map((line) => new Simple(line));
}

function usageOf({ name, optional, many }: NamedField): string {
  const word = many ? `<${name}> [<${name}> ...]` : `<${name}>`;
  return optional ? `[${word}]` : word;
}

function optionUsage([token, { name, type }]: [string, NamedField]): string {
  return type === "boolean" ? `[${token}]` : `[${token} <${name}>]`;
}
