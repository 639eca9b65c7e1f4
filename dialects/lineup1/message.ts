// Values from the words of a line and back, by the shapes of a protocol.

import type { CompiledCommand } from "../../protocol/compile.ts";
import { Refusal } from "../../protocol/errors.ts";
import { isOptional, type NamedField } from "../../protocol/fields.ts";
import type { Frame } from "./frame.ts";
import { printable, show } from "../../protocol/printable.ts";
import { formatWord } from "../../protocol/quoting.ts";
import type { Shape, Values } from "../../protocol/shape.ts";
import { usageLine } from "../../protocol/usage.ts";
import { encodeText } from "../../protocol/strings.ts";
import { describe } from "../../protocol/describe.ts";
import { checkSchemas } from "./schema_checks.ts";
import {
  BadValue,
  badValue,
  formatBody,
  formatValue,
  parseBody,
  parseValue,
  TooLong,
} from "../../protocol/values.ts";

export type { Values };

/** The parts of a `Shape` that writing and reading a line needs. */
export type WireShape = Pick<Shape, "positional" | "named" | "body">;

/** The values of a line, written. */
export interface LineParts {
  /** The words and options behind the head, each with a space before it. */
  readonly text: string;
  /** The counted body. */
  readonly body: Uint8Array | undefined;
}

const NOTHING: Values = /* @__PURE__ */ Object.freeze({});

/**
 * The arguments, options and body of a request, checked. Returns a promise only where a schema does. Throws (or rejects
 * with) a `Refusal` `bad-arguments` that names the argument and says what it must be.
 *
 * @example
 * ```ts
 * import { compile, readRequest } from "@lineup/lineup/protocol";
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
 * const values = readRequest(calc.commands.get("ADD")!, { words: ["1"], options: new Map(), body: undefined });
 * assertEquals(values, { a: 1 });
 * ```
 */
export function readRequest(
  compiled: CompiledCommand,
  frame: Pick<Frame, "words" | "options" | "body">,
): Values | Promise<Values> {
  const { request } = compiled;
  const { words, options } = frame;
  if (words.length === 0 && options.size === 0 && frame.body === undefined) {
    const { required, needed, body, defaults, checkedDefaults } = request;
    if (
      required === 0 && needed.length === 0 && body === undefined &&
      checkedDefaults.length === 0 && isEmpty(defaults)
    ) {
      return NOTHING;
    }
  }
  // Copy all defaults at once: most requests keep most of them.
  const values: Values = { ...request.defaults };
  try {
    let given = words.length;
    if (request.body !== undefined) {
      const field = request.body;
      const inline = frame.body === undefined && request.inlineBody &&
        given === request.positional.length + 1;
      if (frame.body !== undefined) values.body = parseBody(frame.body, field);
      else if (inline) values.body = parseBody(encodeText(words[--given]), field);
    } else if (frame.body !== undefined) {
      throw new Refusal("bad-arguments", `${compiled.verb} takes no body.`);
    }
    for (let i = 0; i < given; i++) {
      const field = request.positional[i];
      if (field === undefined) {
        throw new Refusal(
          "bad-arguments",
          `${show(words[i])} is one argument too many; quote text that holds spaces.`,
        );
      }
      if (!field.many) values[field.name] = parseValue(words[i], field);
      else {
        const all: unknown[] = values[field.name] = [];
        for (; i < given; i++) all.push(parseValue(words[i], field));
      }
    }
    for (const [name, text] of options) {
      const field = request.named.get(name);
      if (field === undefined) {
        throw new Refusal(
          "bad-arguments",
          `${compiled.verb} has no option ${name}; ${quoting(name)}`,
        );
      }
      values[name] = parseValue(text, field);
    }
    fillIn(compiled, request, values);
    const pending = request.checked.length === 0
      ? undefined
      : checkSchemas(request.checked, values);
    if (pending === undefined) return values;
    return pending.then(() => values, (error) => withUsage(compiled, error));
  } catch (error) {
    if (!(error instanceof BadValue)) return withUsage(compiled, error);
    return withUsage(compiled, new Refusal("bad-arguments", `${printable(error.message)}.`));
  }
}

function isEmpty(values: Readonly<Values>): boolean {
  for (const _ in values) return false;
  return true;
}

function quoting(name: string): string {
  return `quote an argument that holds "=": "${name}=…".`;
}

function withUsage(compiled: CompiledCommand, error: unknown): never {
  if (!(error instanceof Refusal)) throw error;
  throw new Refusal(error.code, `${error.message} Usage: ${usageLine(compiled)}`);
}

function fillIn(compiled: CompiledCommand, shape: Shape, values: Values): void {
  const { positional, required, body, needed } = shape;
  for (let i = 0; i < required; i++) {
    const field = positional[i];
    if (values[field.name] === undefined) throw absent(compiled, field, describe(field));
  }
  if (body !== undefined && values.body === undefined && !isOptional(body)) {
    throw absent(compiled, body, `${describe(body)}, as the last word or as {n} and n bytes`);
  }
  for (const field of needed) {
    if (values[field.name] === undefined) throw absent(compiled, field, describe(field));
  }
  for (const { field: { name }, value } of shape.checkedDefaults) {
    if (values[name] === undefined) values[name] = value;
  }
}

function absent(compiled: CompiledCommand, field: NamedField, what: string): Refusal {
  return new Refusal("bad-arguments", `${compiled.verb} needs ${field.name}: ${what}.`);
}

/**
 * Writes values by a shape. Throws `BadValue` or `TypeError` for a value that the shape does not allow, and `RangeError`
 * as soon as the text has more than `most` characters. Default of `most`: `Infinity`.
 *
 * @example
 * ```ts
 * import { compile, writeParts } from "@lineup/lineup/protocol";
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
 * assertEquals(writeParts(calc.commands.get("ADD")!.request, { a: 1, b: 2 }).text, " 1 2");
 * ```
 */
export function writeParts(
  shape: WireShape,
  values: Values | undefined | void,
  most: number = Infinity,
): LineParts {
  values ??= {};
  let text = "";
  let ended: NamedField | undefined;
  for (const field of shape.positional) {
    const value = values[field.name];
    if (value === undefined) {
      needOptional(field);
      ended ??= field;
      continue;
    }
    if (ended !== undefined) throw missing(ended);
    if (!field.many) text += " " + formatWord(formatValue(value, field, most));
    else {
      for (const each of many(field, value)) {
        text += " " + formatWord(formatValue(each, field, most));
        if (text.length > most) throw new TooLong(most);
      }
    }
    if (text.length > most) throw new TooLong(most);
  }
  for (const field of shape.named.values()) {
    const value = values[field.name];
    if (value !== undefined) {
      text += ` ${field.name}=${formatWord(formatValue(value, field, most))}`;
      if (text.length > most) throw new TooLong(most);
    } else needOptional(field);
  }
  const { body } = shape;
  const given = body && values.body;
  if (body && given === undefined) needOptional(body);
  return { text, body: given === undefined ? undefined : formatBody(given, body!) };
}

/** Throws `BadValue` for a required field. */
function needOptional(field: NamedField): void {
  if (!isOptional(field)) throw missing(field);
}

function missing(field: NamedField): BadValue {
  return badValue(field, ", and is missing");
}

function many(field: NamedField, value: unknown): unknown[] {
  if (!Array.isArray(value) || (value.length === 0 && !isOptional(field))) {
    throw new BadValue(`${field.name} must be an array of one or more`);
  }
  return value;
}

/**
 * The values of a reply's line. Unknown fields are ignored, so that a server may add some. Throws `BadValue` where a
 * known field is missing or not of its type.
 *
 * @example
 * ```ts
 * import { compile, createReplyReader, encodeText, readReply } from "@lineup/lineup/protocol";
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
 * const replies = createReplyReader(8192, 1024);
 * replies.push(encodeText("OK sum=3\n"));
 * assertEquals(readReply(calc.commands.get("ADD")!.reply, replies.next()!), { sum: 3 });
 * ```
 */
export function readReply(shape: WireShape, frame: Frame): Values {
  const values: Values = {};
  const { words, options } = frame;
  const { positional, named: known, body } = shape;
  for (let i = 0; i < positional.length; i++) {
    const field = positional[i];
    if (i >= words.length) putDefault(values, field);
    else if (!field.many) values[field.name] = parseValue(words[i], field);
    else values[field.name] = words.slice(i).map((word) => parseValue(word, field));
  }
  for (const field of known.values()) {
    const text = options.get(field.name);
    if (text !== undefined) values[field.name] = parseValue(text, field);
    else putDefault(values, field);
  }
  if (body) {
    if (frame.body) values.body = parseBody(frame.body, body);
    else needOptional(body);
  }
  return values;
}

/** The shapes of the lines of an answer. */
export interface AnswerShapes {
  /** The `OK` line. */
  readonly reply: WireShape;
  /** The `*` lines; `undefined` where there are none. */
  readonly items: WireShape | undefined;
}

/**
 * The values of an item or of the `OK` line of an answer, as `readReply` reads them. Throws `BadValue`, which names the
 * field, what it must be and what came; also for an item where the command has none.
 *
 * @example
 * ```ts
 * import { BadValue, compile, createReplyReader, encodeText, readAnswer } from "@lineup/lineup/protocol";
 * import { assertThrows } from "@std/assert";
 *
 * const calc = compile({
 *   name: "calc",
 *   version: "1.0",
 *   summary: "Adds.",
 *   commands: { ADD: { summary: "Add.", reply: { sum: "integer" } } },
 * });
 * const replies = createReplyReader(8192, 1024);
 * replies.push(encodeText("OK sum=three\n"));
 * const frame = replies.next()!;
 * const add = calc.commands.get("ADD")!;
 * assertThrows(() => readAnswer(add, frame), BadValue, 'sum must be an integer, not "three"');
 * ```
 */
export function readAnswer({ reply, items }: AnswerShapes, frame: Frame): Values {
  if (frame.head !== "*") return readReply(reply, frame);
  if (!items) throw new BadValue("an item came, and the command has none");
  return readReply(items, frame);
}

/** Sets a field that the line does not give. */
function putDefault(values: Values, field: NamedField): void {
  if (field.default !== undefined) values[field.name] = parseValue(field.default, field);
  else needOptional(field);
}
