// From a protocol as written to the form that is looked up while serving; a wrong one is refused with the path of
// what is wrong.

import { type ErrorSpec, standardErrors } from "./errors.ts";
import { isOptionName, isVerb } from "./line.ts";
import {
  classes,
  type Command,
  commonOptions,
  type Field,
  type Fields,
  type FieldSpec,
  type Protocol,
} from "./spec.ts";
import { standing } from "./standing.ts";
import { describe, parseValue, typeNames } from "./values.ts";

/** A protocol that breaks the rules of the specification module; the message begins with the path of what does. */
export class SpecError extends Error {
  /** The name of the class. */
  override readonly name = "SpecError";
  /** Where: `commands.ADD.args.a.type`. */
  readonly path: string;

  /** An error at a path. */
  constructor(path: string, message: string) {
    super(`${path}: ${message}`);
    this.path = path;
  }
}

/** A field with its name. */
export interface NamedField extends FieldSpec {
  /** Its name. */
  readonly name: string;
}

/** The fields of one line: positional ones in order, named ones by name, and the counted body. */
export interface Shape {
  /** Words, in order. */
  readonly positional: readonly NamedField[];
  /** Words that must be there. */
  readonly required: number;
  /** `name=value` in the order in which they are written. */
  readonly named: ReadonlyMap<string, NamedField>;
  /** Those of `named` that must be there. */
  readonly needed: readonly NamedField[];
  /** The counted body. */
  readonly body: NamedField | undefined;
  /** Whether a person may write the body as the last word: nothing else could be meant by it. */
  readonly inlineBody: boolean;
  /** The values of the fields that have a default. */
  readonly defaults: readonly { readonly field: NamedField; readonly value: unknown }[];
}

/** A command, ready to be served or called. */
export interface CompiledCommand {
  /** Its verb. */
  readonly verb: string;
  /** As it was written. */
  readonly command: Command;
  /** Arguments, options and body of a request. */
  readonly request: Shape;
  /** The `OK` line. */
  readonly reply: Shape;
  /** The `*` lines; `undefined` where there are none. */
  readonly items: Shape | undefined;
  /** The codes it may answer, standard ones included. */
  readonly errors: ReadonlyMap<string, ErrorSpec>;
  /** Whether the server answers it itself. */
  readonly standing: boolean;
}

/** A protocol, ready to be served or called. */
export interface CompiledProtocol {
  /** As it was written. */
  readonly protocol: Protocol;
  /** Its commands and the standing ones, by verb. */
  readonly commands: ReadonlyMap<string, CompiledCommand>;
}

/** A field in full. */
export function fieldSpec(field: Field): FieldSpec {
  if (typeof field !== "string") return field;
  if (field.endsWith("?")) {
    return { type: field.slice(0, -1) as FieldSpec["type"], optional: true };
  }
  if (field.endsWith("...")) return { type: field.slice(0, -3) as FieldSpec["type"], many: true };
  return { type: field as FieldSpec["type"] };
}

/**
 * Checks a protocol and makes it ready. Throws `SpecError` with the path of what is wrong.
 *
 * @example
 * ```ts
 * import { compile, SpecError } from "@lineup/lineup/protocol";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(
 *   () => compile({ name: "calc", version: "1.0", summary: "Adds.", commands: { add: { summary: "Add." } } }),
 *   SpecError,
 *   "commands.add: a verb is",
 * );
 * ```
 */
export function compile(protocol: Protocol): CompiledProtocol {
  need(isRecord(protocol), "protocol", "must be an object");
  known(protocol, ["name", "version", "summary", "description", "commands"], "protocol");
  need(
    typeof protocol.name === "string" && /^[a-z][a-z0-9-]{0,31}$/.test(protocol.name),
    "name",
    'must be a lower-case word of up to 32 letters, digits and "-"',
  );
  need(
    typeof protocol.version === "string" && /^[0-9]+(\.[0-9]+){0,2}$/.test(protocol.version),
    "version",
    "must be numbers such as 1.0",
  );
  texts(protocol, "");
  need(isRecord(protocol.commands), "commands", "must be an object of commands by verb");
  const commands = new Map<string, CompiledCommand>();
  for (const [verb, command] of Object.entries(standing.commands)) {
    commands.set(verb, compileCommand(verb, command, true));
  }
  for (const [verb, command] of Object.entries(protocol.commands)) {
    const path = `commands.${verb}`;
    need(isVerb(verb), path, 'a verb is an upper-case letter and up to 31 of A-Z, 0-9 and "-"');
    need(
      !commands.has(verb),
      path,
      "every server answers this command itself; choose another verb",
    );
    need(
      verb !== "OK" && verb !== "ERR",
      path,
      "a reply begins with this word; choose another verb",
    );
    commands.set(verb, compileCommand(verb, command, false));
  }
  return { protocol, commands };
}

const COMMAND_KEYS = [
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
];

function compileCommand(verb: string, command: Command, standing: boolean): CompiledCommand {
  const path = `commands.${verb}`;
  need(isRecord(command), path, "must be an object");
  known(command, COMMAND_KEYS, path);
  texts(command, `${path}.`);
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
  for (const key of ["idempotent", "role"] as const) {
    const type = key === "role" ? "string" : "boolean";
    const value = command[key];
    need(value === undefined || typeof value === type, `${path}.${key}`, `must be a ${type}`);
  }
  examples(command, `${path}.examples`);
  const args = fields(command.args, `${path}.args`);
  const options = fields(command.options, `${path}.options`).map(asOption);
  for (const { name, many } of options) {
    const at = `${path}.options.${name}`;
    need(!args.some((arg) => arg.name === name), at, "an argument has the same name");
    need(!Object.hasOwn(commonOptions, name), at, "every command takes an option of this name");
    need(name !== "body", at, "a body is declared among the arguments");
    need(!many, at, "an option is given once; only the last argument may be many");
  }
  for (const name of ["waited", "took"]) {
    need(
      !Object.hasOwn(command.reply ?? {}, name),
      `${path}.reply.${name}`,
      "timing=on adds this name to every reply; choose another",
    );
  }
  return {
    verb,
    command,
    request: requestShape(args, options, path),
    reply: replyShape(fields(command.reply, `${path}.reply`), `${path}.reply`),
    items: command.items && replyShape(fields(command.items, `${path}.items`), `${path}.items`),
    errors: errors(command.errors, `${path}.errors`),
    standing,
  };
}

function requestShape(args: NamedField[], options: NamedField[], path: string): Shape {
  const body = args.find((arg) => arg.name === "body");
  const positional = args.filter((arg) => arg !== body);
  let required = 0;
  positional.forEach((arg, index) => {
    const at = `${path}.args.${arg.name}`;
    need(!arg.required, at, "an argument is required unless optional");
    need(!arg.many || index === positional.length - 1, at, "only the last argument may be many");
    if (!isOptional(arg)) {
      need(required === index, at, "follows an optional argument, so it must be optional too");
      required++;
    }
  });
  const plain = required === positional.length && !positional.some((arg) => arg.many);
  const named = [...options, ...COMMON].map((each) => [each.name, each] as const);
  const all = [...positional, ...options];
  return {
    positional,
    required,
    named: new Map(named),
    needed: options.filter((each) => !isOptional(each)),
    body,
    inlineBody: body !== undefined && plain,
    defaults: defaultsOf(all),
  };
}

function replyShape(all: NamedField[], path: string): Shape {
  const body = all.find((each) => each.name === "body");
  const positional = all.filter((each) => each.positional && each !== body);
  const named = all.filter((each) => !each.positional && each !== body);
  for (const each of named) {
    need(!each.many, `${path}.${each.name}`, "only a positional field may be many");
  }
  for (const each of all) {
    need(each.schema === undefined, `${path}.${each.name}.schema`, "only arguments have a schema");
  }
  let required = 0;
  positional.forEach((each, index) => {
    const at = `${path}.${each.name}`;
    need(!each.many || index === positional.length - 1, at, "only the last word may be many");
    if (isOptional(each)) return;
    need(required === index, at, "follows an optional word, so it must be optional too");
    required++;
  });
  return {
    positional,
    required,
    named: new Map(named.map((each) => [each.name, each])),
    needed: named.filter((each) => !isOptional(each)),
    body,
    inlineBody: false,
    defaults: defaultsOf(all),
  };
}

/** Whether a field may be left out. */
export function isOptional(field: FieldSpec): boolean {
  return field.optional === true || field.default !== undefined;
}

function defaultsOf(all: readonly NamedField[]): Shape["defaults"] {
  return all.flatMap((field) =>
    field.default === undefined ? [] : [{ field, value: parseValue(field.default, field) }]
  );
}

// An option may be left out unless `required`; in a compiled shape `optional` says so for every field.
function asOption(field: NamedField): NamedField {
  return { ...field, optional: field.required !== true };
}

const COMMON = Object.entries(commonOptions).map(([name, field]) => asOption({ ...field, name }));

const FIELD_KEYS = [
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
];

function fields(all: Fields | undefined, path: string): NamedField[] {
  if (all === undefined) return [];
  need(isRecord(all), path, "must be an object of fields by name");
  return Object.entries(all).map(([name, field]) => {
    const at = `${path}.${name}`;
    need(
      isOptionName(name),
      at,
      'a name is a lower-case letter and lower-case letters, digits, "-"',
    );
    need(!(name in {}), at, "JavaScript objects have this name already; choose another");
    need(typeof field === "string" || isRecord(field), at, "must be a type or an object");
    const spec = fieldSpec(field);
    need(
      typeNames.includes(spec.type),
      typeof field === "string" ? at : `${at}.type`,
      `must be one of ${typeNames.join(", ")}, not ${JSON.stringify(spec.type)}`,
    );
    known(spec, FIELD_KEYS, at);
    need(
      (spec.type === "enum") === (spec.values !== undefined),
      `${at}.values`,
      "an enum has values, and only an enum",
    );
    need(
      spec.values === undefined ||
        (Array.isArray(spec.values) && spec.values.length > 0 &&
          spec.values.every((each) => typeof each === "string" && each !== "")),
      `${at}.values`,
      "must be an array of one or more words",
    );
    for (const limit of ["min", "max"] as const) {
      need(
        spec[limit] === undefined || Number.isFinite(spec[limit]),
        `${at}.${limit}`,
        "must be a number",
      );
    }
    need(!(spec.min! > spec.max!), `${at}.min`, "must not be more than max");
    need(
      name !== "body" || (["bytes", "text", "json"].includes(spec.type) && !spec.many),
      at,
      "a body is one of bytes, text or json",
    );
    need(
      spec.schema === undefined || typeof spec.schema?.["~standard"]?.validate === "function",
      `${at}.schema`,
      "must be a Standard Schema",
    );
    if (spec.default !== undefined) {
      need(!spec.many && name !== "body", `${at}.default`, "only a single word can have a default");
      try {
        if (typeof spec.default !== "string") throw new TypeError();
        parseValue(spec.default, spec);
      } catch {
        throw new SpecError(`${at}.default`, `must be ${describe(spec)}`);
      }
    }
    return { ...spec, name };
  });
}

function errors(own: Command["errors"], path: string): ReadonlyMap<string, ErrorSpec> {
  const all = new Map<string, ErrorSpec>(Object.entries(standardErrors));
  need(own === undefined || isRecord(own), path, "must be an object of errors by code");
  for (const [code, error] of Object.entries(own ?? {})) {
    const at = `${path}.${code}`;
    need(
      isOptionName(code),
      at,
      'a code is a lower-case letter and lower-case letters, digits, "-"',
    );
    need(!all.has(code), at, "every command may answer this code; declare others only");
    need(isRecord(error), at, "must be an object");
    known(error, ["summary", "executed", "retry", "ends"], at);
    texts(error, `${at}.`);
    const { executed, retry } = error;
    need(
      executed === undefined || executed === "no" || executed === "maybe",
      `${at}.executed`,
      "must be no or maybe",
    );
    need(retry === undefined || typeof retry === "boolean", `${at}.retry`, "must be a boolean");
    all.set(code, error);
  }
  return all;
}

function examples(command: Command, path: string): void {
  need(command.examples === undefined || Array.isArray(command.examples), path, "must be an array");
  command.examples?.forEach((example, index) => {
    for (const key of ["request", "reply"] as const) {
      const text = example[key];
      need(
        typeof text === "string" && text !== "",
        `${path}.${index}.${key}`,
        "must be lines of text",
      );
    }
  });
}

function texts(value: { summary: string; description?: string }, path: string): void {
  need(
    typeof value.summary === "string" && value.summary.trim() !== "",
    `${path}summary`,
    "must say in a sentence what it is for",
  );
  need(
    value.description === undefined || typeof value.description === "string",
    `${path}description`,
    "must be text",
  );
}

function known(value: object, keys: readonly string[], path: string): void {
  for (const key of Object.keys(value)) {
    need(keys.includes(key), `${path}.${key}`, `is not known here; known are ${keys.join(", ")}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function need(condition: boolean, path: string, message: string): asserts condition {
  if (!condition) throw new SpecError(path, message);
}
