// The members of the objects that describe a protocol.

import { isRecord } from "./spec_error.ts";

/** The members of each kind of object. */
export const members = {
  protocol: ["name", "version", "summary", "description", "commands", "parts"],
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
  part: ["name", "version", "summary", "description", "verbs"],
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
  const examples: Pruning = (all) =>
    Array.isArray(all) ? all.map((example) => only(members.example, example)) : all;
  const inside = { args: fields, options: fields, reply: fields, items: fields, errors, examples };
  const commands = each((command) => only(members.command, command, inside));
  const parts: Pruning = (all) =>
    Array.isArray(all) ? all.map((part) => only(members.part, part)) : all;
  return only(members.protocol, protocol, { commands, parts });
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
