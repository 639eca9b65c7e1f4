// The members of the objects that describe a protocol.

import { isRecord } from "./spec_error.ts";

/** The members of each kind of object. */
export const members = {
  protocol: ["name", "version", "summary", "description", "commands", "parts"],
  part: ["name", "version", "summary", "description", "verbs"],
  command: [
    "summary",
    "description",
    "args",
    "options",
    "reply",
    "items",
    "errors",
    "class",
    "cost",
    "idempotent",
    "role",
    "examples",
  ],
  field: [
    "type",
    "summary",
    "optional",
    "required",
    "many",
    "positional",
    "default",
    "min",
    "max",
    "values",
    "schema",
  ],
  error: ["summary", "executed", "retry", "ends"],
  example: ["request", "reply", "summary", "undo"],
} as const satisfies Record<string, readonly string[]>;

type Pruning = (value: unknown) => unknown;

/**
 * The description of a protocol without the members that this version does not know: a server of a later version may
 * send some. Takes any JSON; `compile` checks it.
 */
export function knownMembers(protocol: unknown): unknown {
  const fields = each((field) => only(members.field, field));
  const errors = each((error) => only(members.error, error));
  const examples = everyOf(members.example);
  const parts = { args: fields, options: fields, reply: fields, items: fields, errors, examples };
  const commands = each((command) => only(members.command, command, parts));
  return only(members.protocol, protocol, { commands, parts: everyOf(members.part) });
}

/** Prunes each object of an array. */
function everyOf(names: readonly string[]): Pruning {
  return (value) => Array.isArray(value) ? value.map((part) => only(names, part)) : value;
}

/** Prunes each value of an object. */
function each(prune: Pruning): Pruning {
  return (value) =>
    isRecord(value)
      ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, prune(part)]))
      : value;
}

/** An object with these members only, some of them changed. */
function only(
  names: readonly string[],
  value: unknown,
  changes: Readonly<Record<string, Pruning>> = {},
): unknown {
  if (!isRecord(value)) return value;
  const known = Object.entries(value).filter(([name]) => names.includes(name));
  return Object.fromEntries(
    known.map(([name, part]) => [name, Object.hasOwn(changes, name) ? changes[name](part) : part]),
  );
}
