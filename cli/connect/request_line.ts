// A request as it is typed: its words and where they stand, which argument each is, and what is wrong with it.

import type { CompiledCommand, CompiledProtocol } from "../../protocol/compile.ts";
import { isOptional, type NamedField } from "../../protocol/fields.ts";
import { isTag } from "../../dialects/lineup1/line.ts";
import { isOptionName, isVerb } from "../../protocol/names.ts";
import { printable } from "../../protocol/printable.ts";
import { unescape } from "../../protocol/quoting.ts";
import { encodeText } from "../../protocol/strings.ts";
import { describe } from "../../protocol/describe.ts";
import { BadValue, parseBody, parseValue } from "../../protocol/values.ts";
import { nearest } from "../flags.ts";

/** A word, option, tag or length, `text[start, end)`. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly kind: "tag" | "verb" | "word" | "option" | "length";
  /** The name of an option. */
  readonly name?: string;
  /** What it says, without quotes and escapes; of an option, what follows the `=`. */
  readonly value: string;
  /** Where the value begins. */
  readonly valueStart: number;
  readonly quoted: boolean;
  /** False for a quoted word without its closing quote. */
  readonly closed: boolean;
}

/** Something that the protocol does not allow, at its place. */
export interface Diagnostic {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** Where a request's body comes from. */
export type BodySource =
  | { readonly from: "file"; readonly path: string; readonly token: Token }
  | { readonly from: "lines"; readonly mark: string; readonly token: Token }
  | { readonly from: "counted"; readonly length: number; readonly token: Token };

/** What a line says. */
export interface RequestLine {
  readonly text: string;
  readonly tag: Token | undefined;
  readonly verb: Token | undefined;
  /** Of the verb; `undefined` where there is no such command, or nothing is known of any. */
  readonly command: CompiledCommand | undefined;
  /** What follows the verb. */
  readonly rest: readonly Token[];
  /** The field of each of `rest`. */
  readonly fields: readonly (NamedField | undefined)[];
  /** The body, where it is not a word of the line. */
  readonly body: BodySource | undefined;
  /** What is wrong with what is there, from left to right. */
  readonly faults: readonly Diagnostic[];
  /** What is not there and must be. */
  readonly missing: Diagnostic | undefined;
}

/** Reads a line. Never throws: what is half typed is ordinary. */
export function readRequestLine(text: string, protocol: CompiledProtocol | undefined): RequestLine {
  const tokens = tokenise(text);
  const tag = tokens[0]?.kind === "tag" ? tokens.shift() : undefined;
  const verb = tokens.shift();
  const faults: Diagnostic[] = [];
  const fault = ({ start, end }: Token, message: string): void => {
    faults.push({ start, end, message });
  };
  if (tag !== undefined && !isTag(tag.value)) {
    fault(tag, 'A tag is "#" and 1 to 32 letters, digits, "-", "_", ".".');
  }
  const command = verb && protocol?.commands.get(verb.value.toUpperCase());
  if (verb !== undefined && !isVerb(verb.value.toUpperCase())) {
    fault(verb, 'A request begins with a verb: a letter, then letters, digits, "-".');
  } else if (verb !== undefined && command === undefined && protocol !== undefined) {
    const verbs = [...protocol.commands.keys()];
    fault(verb, `There is no command ${verb.value}${nearest(verb.value.toUpperCase(), verbs)}`);
  }
  const body = bodySource(tokens, command);
  const fields = command === undefined
    ? tokens.map(() => undefined)
    : assign(command, tokens, body, fault);
  faults.sort((a, b) => a.start - b.start);
  const missing = command && findMissing(command, fields, body, text.length);
  return { text, tag, verb, command, rest: tokens, fields, body, faults, missing };
}

function bodySource(
  tokens: readonly Token[],
  command: CompiledCommand | undefined,
): BodySource | undefined {
  const last = tokens.at(-1);
  if (last?.kind === "length") {
    const digits = /^\{(0|[1-9][0-9]{0,9})\}$/.exec(last.value);
    return digits === null
      ? undefined
      : { from: "counted", length: Number(digits[1]), token: last };
  }
  if (command?.request.body === undefined) return undefined;
  const token = tokens.findLast(({ kind }) => kind === "word");
  if (token === undefined || token.quoted) return undefined;
  if (/^@./.test(token.value)) return { from: "file", path: token.value.slice(1), token };
  const mark = /^<<([A-Za-z0-9_.-]+)$/.exec(token.value)?.[1];
  return mark === undefined ? undefined : { from: "lines", mark, token };
}

/** Which field each token is, checked. */
function assign(
  { verb, request }: CompiledCommand,
  tokens: readonly Token[],
  body: BodySource | undefined,
  fault: (token: Token, message: string) => void,
): (NamedField | undefined)[] {
  const { positional, named } = request;
  const given = new Set<string>();
  let words = 0;
  return tokens.map((token) => {
    if (token === body?.token || token.kind === "length") {
      if (request.body === undefined) fault(token, `${verb} takes no body.`);
      else if (body === undefined) fault(token, "A body's length is {n}, last on its line.");
      return request.body;
    }
    if (!token.closed) fault(token, "A closing quote is missing.");
    if (token.kind === "option") {
      const name = token.name!;
      const field = named.get(name);
      if (field === undefined) {
        fault(token, `${verb} has no option ${name}; quote an argument that holds "=".`);
      } else if (given.has(name)) fault(token, `The option ${name} is given twice.`);
      else check(field, token, fault);
      given.add(name);
      return field;
    }
    const index = words++;
    const field = positional[index] ?? (positional.at(-1)?.many ? positional.at(-1) : undefined) ??
      (request.inlineBody && body === undefined && index === positional.length
        ? request.body
        : undefined);
    if (field !== undefined) check(field, token, fault);
    else fault(token, "This is one argument too many; quote text that holds spaces.");
    return field;
  });
}

function check(
  field: NamedField,
  token: Token,
  fault: (token: Token, message: string) => void,
): void {
  if (!token.closed) return;
  try {
    if (field.name === "body") parseBody(encodeText(token.value), field);
    else parseValue(token.value, field);
  } catch (error) {
    if (error instanceof BadValue) fault(token, `${printable(error.message)}.`);
    else if (error instanceof TypeError) fault(token, "This cannot be written in UTF-8.");
    else throw error;
  }
}

function findMissing(
  { verb, request }: CompiledCommand,
  fields: readonly (NamedField | undefined)[],
  body: BodySource | undefined,
  end: number,
): Diagnostic | undefined {
  const needs = (name: string, what: string): Diagnostic => ({
    start: end,
    end,
    message: `${verb} needs ${name}: ${what}.`,
  });
  const given = new Set(fields.map((field) => field?.name));
  const word = request.positional.slice(0, request.required).find(({ name }) => !given.has(name));
  if (word !== undefined) return needs(word.name, describe(word));
  const asked = request.body;
  if (asked !== undefined && !isOptional(asked) && !given.has("body") && body === undefined) {
    return needs("body", `${describe(asked)}, as ${bodyForms(request.inlineBody)}`);
  }
  const option = request.needed.find(({ name }) => !given.has(name));
  return option && needs(`${option.name}=`, describe(option));
}

/** How a body may be written. */
export function bodyForms(inline: boolean): string {
  return `${inline ? "the last word, " : ""}@FILE, or <<END and lines up to END`;
}

/** The words of a line, however unfinished. */
function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === " " || text[at] === "\t") at++;
    if (at >= text.length) return tokens;
    const start = at;
    const equals = /^[^ \t"={#][^ \t"=]*=/.exec(text.slice(at))?.[0].length ?? 0;
    const name = text.slice(at, at + Math.max(0, equals - 1));
    const isOption = equals > 0 && isOptionName(name) && tokens.some(({ kind }) => kind === "verb");
    const valueStart = isOption ? at + equals : at;
    const quoted = text[valueStart] === '"';
    const word = quoted
      ? quotedWord(text, valueStart)
      : /^[^ \t]*/.exec(text.slice(valueStart))![0];
    const closed = !quoted || /^"(?:[^"\\]|\\.)*"/s.test(word);
    const value = quoted ? unquote(word) : word;
    at = valueStart + word.length;
    const kind = kindOf(tokens, isOption, quoted, value);
    tokens.push({
      start,
      end: at,
      kind,
      ...(isOption ? { name } : {}),
      value: kind === "tag" ? value.slice(1) : value,
      valueStart,
      quoted,
      closed,
    });
  }
}

function kindOf(
  before: readonly Token[],
  isOption: boolean,
  quoted: boolean,
  value: string,
): Token["kind"] {
  if (before.length === 0 && !quoted && value.startsWith("#")) return "tag";
  if (!before.some(({ kind }) => kind === "verb")) return "verb";
  if (isOption) return "option";
  return !quoted && value.startsWith("{") ? "length" : "word";
}

/** From the quote at `at` to the end of the word, the closing quote included. */
function quotedWord(text: string, at: number): string {
  return /^"(?:[^"\\]|\\.)*(?:"[^ \t]*|\\?$)/s.exec(text.slice(at))![0];
}

function unquote(word: string): string {
  const inner = word.slice(1).replace(/(?<!\\)((?:\\\\)*)".*$/s, "$1");
  return inner.replace(
    /\\(?:x[0-9A-Fa-f]{2}|u\{[0-9A-Fa-f]{1,6}\}|.)/g,
    (escape) => unescape(escape) ?? escape,
  );
}
