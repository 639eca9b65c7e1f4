// The commands of a protocol, ready for a client. Only the parts that decide the bytes on the wire are checked, so that
// a foreign description cannot add anything to them; `compile` checks everything.

import type { ErrorSpec } from "../../protocol/errors.ts";
import { type NamedField, typedSpec } from "../../protocol/fields.ts";
import { needName, needVerb } from "../../protocol/names.ts";
import type { WireShape } from "./message.ts";
import { type Fields, type Protocol, wireOptions } from "../../protocol/spec.ts";
import { isRecord, need } from "../../protocol/spec_error.ts";
import { builtinCalls } from "./builtin_calls.ts";

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
  /** Whether a client may send it again. */
  readonly idempotent: boolean;
  /** Its own error codes, unchecked. */
  readonly errors: Readonly<Record<string, ErrorSpec | undefined>>;
}

/**
 * The commands of a protocol and the built-in commands by verb, ready to be called. Throws `SpecError` for an invalid
 * verb, field or type.
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
export function readCalls(protocol: Pick<Protocol, "commands">): ReadonlyMap<string, Call> {
  const calls = new Map<string, Call>();
  const all = {
    ...record(record(protocol, "protocol").commands, "commands", " of commands by verb"),
    ...builtinCalls,
  };
  for (const [verb, command] of Object.entries(all)) {
    const path = `commands.${verb}`;
    needVerb(verb, path);
    const { args, options, reply, items, errors, idempotent } = record(command, path);
    const positional = readAll(args, `${path}.args`);
    for (const arg of positional) arg.positional = true;
    const named = readAll({ ...options, ...wireOptions }, `${path}.options`);
    for (const option of named) {
      option.positional = false;
      option.optional = !option.required;
    }
    calls.set(verb, {
      verb,
      request: shape([...positional, ...named]),
      reply: shape(readAll(reply, `${path}.reply`)),
      items: items && shape(readAll(items, `${path}.items`)),
      idempotent: idempotent || verb in builtinCalls,
      errors: errors ?? {},
    });
  }
  return calls;
}

function record<T>(value: T, path: string, of = ""): T {
  need(isRecord(value), path, `must be an object${of}`);
  return value;
}

function shape(fields: readonly NamedField[]): WireShape {
  const positional: NamedField[] = [];
  const named = new Map<string, NamedField>();
  let body: NamedField | undefined;
  for (const field of fields) {
    if (field.name === "body") body = field;
    else if (field.positional) positional.push(field);
    else named.set(field.name, field);
  }
  return {
    positional,
    named,
    body,
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function readAll(fields: Fields = {}, path: string): Mutable<NamedField>[] {
  return Object.entries(record(fields, path, " of fields by name")).map(([name, field]) => {
    const at = `${path}.${name}`;
    needName(name, at);
    const spec = typedSpec(field, at);
    need(
      !spec.values || Array.isArray(spec.values),
      `${at}.values`,
      "must be an array of one or more words",
    );
    return { ...spec, name };
  });
}
