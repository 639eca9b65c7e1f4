// A protocol as JSON: the answer of SPEC, which any client can use.

import type { CompiledProtocol } from "./compile.ts";
import { type ErrorSpec, standardErrors } from "./errors.ts";
import { fieldSpec } from "./fields.ts";
import { type Command, commonOptions, type Fields, type Protocol } from "./spec.ts";

/** The answer of SPEC. */
export interface SpecDocument {
  /** The version of the wire protocol. */
  readonly lineup: "1";
  /** The protocol of the server: its fields in full form, without schemas. */
  readonly protocol: Protocol;
  /** The built-in commands. */
  readonly standing: Readonly<Record<string, Command>>;
  /** The options of every command. */
  readonly options: Fields;
  /** The errors of every command. */
  readonly errors: Readonly<Record<string, ErrorSpec>>;
}

/**
 * The document of a protocol. `compile(document.protocol)` reads it back.
 *
 * @example
 * ```ts
 * import { compile, specDocument } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const calc = compile({
 *   name: "calc",
 *   version: "1.0",
 *   summary: "Adds.",
 *   commands: {
 *     ADD: { summary: "Add.", args: { a: "integer", b: "integer?" }, reply: { sum: "integer" } },
 *   },
 * });
 * const { protocol } = specDocument(calc);
 * assertEquals(protocol.commands.ADD.args, { a: { type: "integer" }, b: { type: "integer", optional: true } });
 * ```
 */
export function specDocument(compiled: CompiledProtocol): SpecDocument {
  const { protocol, commands } = compiled;
  const builtins = [...commands].filter(([, { builtin }]) => builtin);
  return {
    lineup: "1",
    protocol: { ...protocol, commands: mapValues(protocol.commands, plainCommand) },
    standing: Object.fromEntries(
      builtins.map(([verb, { command }]) => [verb, plainCommand(command)]),
    ),
    options: plainFields(commonOptions),
    errors: standardErrors,
  };
}

function plainCommand(command: Command): Command {
  const { args, options, reply, items } = command;
  return {
    ...command,
    ...(args && { args: plainFields(args) }),
    ...(options && { options: plainFields(options) }),
    ...(reply && { reply: plainFields(reply) }),
    ...(items && { items: plainFields(items) }),
  };
}

function plainFields(fields: Fields): Fields {
  return mapValues(fields, (field) => {
    const { schema: _, ...plain } = fieldSpec(field);
    return plain;
  });
}

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  map: (value: T) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
