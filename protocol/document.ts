// SPEC: a protocol as the JSON that any client can work from.

import type { CompiledProtocol } from "./compile.ts";
import { type ErrorSpec, standardErrors } from "./errors.ts";
import { fieldSpec } from "./fields.ts";
import { type Command, commonOptions, type Fields, type Protocol } from "./spec.ts";

/** What SPEC sends. */
export interface SpecDocument {
  /** The version of the wire protocol. */
  readonly lineup: "1";
  /** The server's protocol, its fields in full and its schemas left out. */
  readonly protocol: Protocol;
  /** The commands that every server answers. */
  readonly standing: Readonly<Record<string, Command>>;
  /** The options that every command takes. */
  readonly options: Fields;
  /** The errors that every command may answer. */
  readonly errors: Readonly<Record<string, ErrorSpec>>;
}

/** The document of a protocol; `compile(document.protocol)` reads it back. */
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
