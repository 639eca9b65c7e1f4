// From a protocol to what a client needs to call it. It is checked as far as it decides what goes onto the wire, so
// that a description from elsewhere cannot put anything else there; `compile` checks all of it.

import { fieldSpec, isOptional, type NamedField } from "./fields.ts";
import { isOptionName, isVerb } from "./line.ts";
import type { WireShape } from "./message.ts";
import { type Command, commonOptions, type Fields, type Protocol } from "./spec.ts";
import { isRecord, need } from "./spec_error.ts";
import { standingCalls } from "./standing_calls.ts";
import { typeNames } from "./values.ts";

/** A command, ready to be called. */
export interface Call {
  /** Its verb. */
  readonly verb: string;
  /** Arguments, options and body of a request. */
  readonly request: WireShape;
  /** The `OK` line. */
  readonly reply: WireShape;
  /** The `*` lines; `undefined` where there are none. */
  readonly items: WireShape | undefined;
  /** Whether it may be sent again. */
  readonly idempotent: boolean;
  /** Its own codes after which it may have been executed. */
  readonly executed: ReadonlySet<string>;
}

/**
 * The commands of a protocol and the standing ones by verb, ready to be called. Throws `SpecError` where a verb, a
 * field or a type is none.
 *
 * @example
 * ```ts
 * import { readCalls } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const bare = { name: "bare", version: "1.0", summary: "Nothing of its own.", commands: {} };
 * assertEquals(readCalls(bare).get("PING")?.idempotent, true);
 * ```
 */
export function readCalls(protocol: Protocol): ReadonlyMap<string, Call> {
  const calls = new Map<string, Call>();
  need(isRecord(protocol.commands), "commands", "must be an object");
  for (const [verb, command] of Object.entries({ ...protocol.commands, ...standingCalls })) {
    need(isVerb(verb), `commands.${verb}`, "must be a verb");
    calls.set(verb, readCall(verb, command));
  }
  return calls;
}

function readCall(verb: string, command: Omit<Command, "summary">): Call {
  const path = `commands.${verb}`;
  need(isRecord(command), path, "must be an object");
  const { args, options, reply, items, errors, idempotent } = command;
  const given = readAll(args, `${path}.args`);
  const named = readAll({ ...options, ...commonOptions }, `${path}.options`)
    .map((option) => ({ ...option, optional: option.required !== true }));
  const isMaybe = (code: string): boolean => errors?.[code]?.executed === "maybe";
  return {
    verb,
    request: shape(given, () => true, named),
    reply: replyShape(reply, `${path}.reply`),
    items: items && replyShape(items, `${path}.items`),
    idempotent: idempotent === true,
    executed: new Set(Object.keys(errors ?? {}).filter(isMaybe)),
  };
}

function replyShape(fields: Fields | undefined, path: string): WireShape {
  return shape(readAll(fields, path), (field) => field.positional, []);
}

function shape(
  fields: readonly NamedField[],
  isPositional: (field: NamedField) => boolean | undefined,
  more: readonly NamedField[],
): WireShape {
  const body = fields.find((field) => field.name === "body");
  const rest = fields.filter((field) => field !== body);
  const positional = rest.filter(isPositional);
  const named = [...rest.filter((field) => !isPositional(field)), ...more];
  return {
    positional,
    required: positional.filter((field) => !isOptional(field)).length,
    named: new Map(named.map((field) => [field.name, field])),
    body,
  };
}

function readAll(fields: Fields | undefined, path: string): NamedField[] {
  need(fields === undefined || isRecord(fields), path, "must be an object");
  return Object.entries(fields ?? {}).map(([name, field]) => {
    const spec = typeof field === "string" || isRecord(field) ? fieldSpec(field) : undefined;
    const isField = spec !== undefined && isOptionName(name) && typeNames.includes(spec.type) &&
      (spec.values === undefined || Array.isArray(spec.values));
    need(isField, `${path}.${name}`, "is no field");
    return { ...spec!, name };
  });
}
