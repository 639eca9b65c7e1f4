// Checks a protocol and prepares it for serving and calling. An error names the path of the wrong part.

import { needParts, needTitle } from "./combine.ts";
import { type ErrorSpec, standardErrors } from "./errors.ts";
import { readFields, readOptions } from "./fields.ts";
import { members } from "./members.ts";
import { isOptionName, needVerb } from "./names.ts";
import { replyShape, requestShape, type Shape } from "./shape.ts";
import { classes, type Command, type Fields, type Protocol } from "./spec.ts";
import {
  isRecord,
  need,
  needBoolean,
  needFew,
  needKnown,
  needText,
  needTexts,
} from "./spec_error.ts";

/** A command, ready to be served or called. */
export interface CompiledCommand {
  /** Its verb. */
  readonly verb: string;
  /** Its description in the protocol. */
  readonly command: Command;
  /** Arguments, options and body of a request. */
  readonly request: Shape;
  /** The `OK` line. */
  readonly reply: Shape;
  /** The `*` lines; `undefined` where there are none. */
  readonly items: Shape | undefined;
  /** The error codes of its answers, standard ones included. */
  readonly errors: ReadonlyMap<string, ErrorSpec>;
  /** Whether the server answers it itself. */
  readonly builtin: boolean;
}

/** A protocol, ready to be served or called. */
export interface CompiledProtocol {
  /** The protocol itself. */
  readonly protocol: Protocol;
  /** Its own and the built-in commands, by verb. */
  readonly commands: ReadonlyMap<string, CompiledCommand>;
}

/** Bounds of a protocol: a client compiles the protocols of strangers. */
const MOST = { commands: 1000, errors: 100, examples: 100 } as const;

/**
 * The parts that a dialect adds to every protocol, and the names that it reserves, each with the message of its
 * error.
 */
export interface Reserved {
  /** The commands that the server answers itself. */
  readonly builtins?: Readonly<Record<string, Command>>;
  /** Verbs that no command may have. */
  readonly verbs?: Readonly<Record<string, string>>;
  /** Names that no field of a reply may have. */
  readonly replyFields?: Readonly<Record<string, string>>;
}

/**
 * Checks a protocol and makes it ready. Throws `SpecError` with the path of the wrong part.
 *
 * @example
 * ```ts
 * import { compileProtocol } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const compiled = compileProtocol(
 *   { name: "calc", version: "1.0", summary: "Adds.", commands: {} },
 *   { builtins: { PING: { summary: "Answer at once." } } },
 * );
 * assertEquals([...compiled.commands.keys()], ["PING"]);
 * ```
 */
export function compileProtocol(protocol: Protocol, reserved: Reserved = {}): CompiledProtocol {
  const { builtins = {}, verbs = {}, replyFields } = reserved;
  need(isRecord(protocol), "protocol", "must be an object");
  needKnown(protocol, members.protocol, "protocol");
  needTitle(protocol, "");
  needTexts(protocol, "");
  need(isRecord(protocol.commands), "commands", "must be an object of commands by verb");
  needFew(Object.keys(protocol.commands).length, MOST.commands, "commands", "commands");
  needParts(protocol);
  const commands = new Map<string, CompiledCommand>();
  for (const [verb, command] of Object.entries(builtins)) {
    commands.set(verb, compileCommand(verb, command, { builtin: true, replyFields }));
  }
  for (const [verb, command] of Object.entries(protocol.commands)) {
    const path = `commands.${verb}`;
    needVerb(verb, path);
    need(
      !commands.has(verb),
      path,
      "every server answers this command itself; choose another verb",
    );
    need(!Object.hasOwn(verbs, verb), path, verbs[verb]);
    commands.set(verb, compileCommand(verb, command, { builtin: false, replyFields }));
  }
  return { protocol, commands };
}

/** Checks one command and makes it ready. Throws `SpecError` with the path of the wrong part. */
function compileCommand(
  verb: string,
  command: Command,
  { builtin, replyFields = {} }: {
    readonly builtin: boolean;
    readonly replyFields?: Reserved["replyFields"];
  },
): CompiledCommand {
  const path = `commands.${verb}`;
  need(isRecord(command), path, "must be an object");
  needKnown(command, members.command, path);
  needTexts(command, `${path}.`);
  need(
    command.class === undefined || classes.includes(command.class),
    `${path}.class`,
    `must be one of ${classes.join(", ")}`,
  );
  need(
    command.cost === undefined || (Number.isFinite(command.cost) && command.cost > 0),
    `${path}.cost`,
    "must be a positive number",
  );
  needBoolean(command.idempotent, `${path}.idempotent`);
  need(
    command.role === undefined || typeof command.role === "string",
    `${path}.role`,
    "must be a string",
  );
  needExamples(command, `${path}.examples`);
  const args = readFields(command.args, `${path}.args`);
  const options = readOptions(command.options, args, `${path}.options`);
  for (const [name, why] of Object.entries(replyFields)) {
    need(!Object.hasOwn(command.reply ?? {}, name), `${path}.reply.${name}`, why);
  }
  return {
    verb,
    command,
    request: requestShape(args, options, `${path}.args`),
    reply: readReplyShape(command.reply, `${path}.reply`),
    items: command.items && readReplyShape(command.items, `${path}.items`),
    errors: readErrors(command.errors, `${path}.errors`),
    builtin,
  };
}

function readReplyShape(fields: Fields | undefined, path: string): Shape {
  return replyShape(readFields(fields, path), path);
}

function readErrors(own: Command["errors"], path: string): ReadonlyMap<string, ErrorSpec> {
  const all = new Map<string, ErrorSpec>(Object.entries(standardErrors));
  need(own === undefined || isRecord(own), path, "must be an object of errors by code");
  needFew(Object.keys(own ?? {}).length, MOST.errors, "errors", path);
  for (const [code, error] of Object.entries(own ?? {})) {
    const at = `${path}.${code}`;
    need(
      isOptionName(code),
      at,
      'a code is a lower-case letter and lower-case letters, digits, "-"',
    );
    need(!all.has(code), at, "every command may answer this code; declare others only");
    need(isRecord(error), at, "must be an object");
    needKnown(error, members.error, at);
    needTexts(error, `${at}.`);
    const { executed, retry, ends } = error;
    needText(ends, `${at}.ends`);
    need(
      executed === undefined || executed === "no" || executed === "maybe",
      `${at}.executed`,
      "must be no or maybe",
    );
    needBoolean(retry, `${at}.retry`);
    all.set(code, error);
  }
  return all;
}

function needExamples({ examples = [] }: Command, path: string): void {
  need(Array.isArray(examples), path, "must be an array");
  needFew(examples.length, MOST.examples, "examples", path);
  examples.forEach((example, index) => {
    const at = `${path}.${index}`;
    need(isRecord(example), at, "must be an object");
    needKnown(example, members.example, at);
    needText(example.summary, `${at}.summary`);
    const { undo } = example;
    const isLine = undo === undefined || (typeof undo === "string" && /^[^\r\n]+$/.test(undo));
    need(isLine, `${at}.undo`, "must be a line of text");
    for (const key of ["request", "reply"] as const) {
      const text = example[key];
      need(typeof text === "string" && text !== "", `${at}.${key}`, "must be lines of text");
    }
  });
}
