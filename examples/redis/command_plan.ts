// A command as the dialect reads and writes it. All of it follows from the description of the command.

import type { CompiledCommand, NamedField, Values } from "@lineup/lineup/protocol";
import { Refusal } from "@lineup/lineup/protocol";
import { NO_ARRAY, OK, Simple } from "./reply.ts";

/** How words become arguments, and how values become a reply. */
export interface CommandPlan {
  readonly command: CompiledCommand;
  /** Its name as Redis has it: `get`, `client|setname`. */
  readonly name: string;
  /** The number of words of its name: 2 for a subcommand. */
  readonly words: number;
  /** Arguments in order; the last may be many. */
  readonly args: readonly NamedField[];
  /** Required options: the last words of a request, without names. */
  readonly last: readonly NamedField[];
  /** Other options: a name, with a value behind it unless the option is a flag. */
  readonly options: ReadonlyMap<string, NamedField>;
  /** The least and the most words behind its name. */
  readonly least: number;
  readonly most: number;
  /** The frame of a reply. */
  readonly frameOf: (reply: Values) => unknown;
}

const INTEGER = /^(?:0|-?[1-9]\d{0,18})$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const MOST_INTEGER = 2n ** 63n - 1n;

/** The plan of a command. */
export function planOf(command: CompiledCommand): CommandPlan {
  const { verb, request, command: { options = {} } } = command;
  const named = Object.keys(options).map((name) => request.named.get(name)!);
  const last = named.filter(({ required }) => required);
  const free = named.filter(({ required }) => !required);
  const isOpen = free.length > 0 || request.positional.some(({ many }) => many);
  const least = request.required + last.length;
  return {
    command,
    name: verb.toLowerCase().replace("-", "|"),
    words: verb.includes("-") ? 2 : 1,
    args: request.positional,
    last,
    options: new Map(free.map((field) => [field.name.toUpperCase(), field])),
    least,
    most: isOpen ? Infinity : request.positional.length + last.length,
    frameOf: frameOf(command),
  };
}

/** The fields of a reply decide its frame: none is OK, one is a frame of its type, several are a map. */
function frameOf({ reply: { positional, named, body } }: CompiledCommand): CommandPlan["frameOf"] {
  const fields = [...positional, ...named.values(), ...body === undefined ? [] : [body]];
  if (fields.length === 0) return () => OK;
  if (fields.length > 1) return (reply) => new Map(fields.map(({ name }) => [name, reply[name]]));
  const [{ name, type, many }] = fields;
  if (many) return (reply) => reply[name] ?? NO_ARRAY;
  return type === "word" ? (reply) => new Simple(reply[name] as string) : (reply) => reply[name];
}

/** The arguments in the words of a request. Throws a `Refusal` with the message of Redis. */
export function readWords(plan: CommandPlan, words: readonly string[]): Values {
  const count = words.length - plan.words;
  if (count < plan.least || count > plan.most) throw wrongArity(plan.name);
  const values: Values = {};
  let at = plan.words;
  const end = words.length - plan.last.length;
  for (const field of plan.args) {
    if (at >= end) break;
    if (!field.many) values[field.name] = valueOf(field, words[at++]);
    else {
      values[field.name] = words.slice(at, end).map((word) => valueOf(field, word));
      at = end;
    }
  }
  if (at < end) readOptions(plan, words.slice(at, end), values);
  for (const [i, field] of plan.last.entries()) values[field.name] = valueOf(field, words[end + i]);
  return values;
}

/** The failure of a request with too few or too many words. */
export function wrongArity(name: string): Refusal {
  return new Refusal("bad-arguments", `wrong number of arguments for '${name}' command`);
}

/** The integer of 64 bits that a word is; `undefined` where it is none. */
export function integerOf(word: string): bigint | undefined {
  if (!INTEGER.test(word)) return undefined;
  const value = BigInt(word);
  return value <= MOST_INTEGER && value >= -MOST_INTEGER - 1n ? value : undefined;
}

function readOptions(plan: CommandPlan, words: readonly string[], values: Values): void {
  const given: [NamedField, string][] = [];
  for (let at = 0; at < words.length; at++) {
    const field = plan.options.get(words[at].toUpperCase());
    if (field === undefined || (field.type !== "boolean" && at + 1 === words.length)) {
      refuse("syntax error");
    }
    if (field.type === "boolean") values[field.name] = true;
    else given.push([field, words[++at]]);
  }
  for (const [field, word] of given) values[field.name] = valueOf(field, word);
}

function valueOf(field: NamedField, word: string): unknown {
  switch (field.type) {
    case "integer":
      return readInteger(field, word);
    case "number":
      if (NUMBER.test(word)) return Number(word);
      return refuse(`${field.name} is not a float or out of range`);
    case "enum": {
      const value = word.toUpperCase();
      return field.values!.includes(value) ? value : refuse(`Unsupported option ${word}`);
    }
    default:
      if (word.length <= (field.max ?? Infinity)) return word;
      return refuse(`${field.name} is longer than ${field.max} bytes`);
  }
}

function readInteger({ min = -Infinity }: NamedField, word: string): number {
  const value = Number(integerOf(word) ?? NaN);
  if (value >= min) return value;
  return refuse(
    min === 0
      ? "value is out of range, must be positive"
      : "value is not an integer or out of range",
  );
}

function refuse(message: string): never {
  throw new Refusal("bad-arguments", message);
}
