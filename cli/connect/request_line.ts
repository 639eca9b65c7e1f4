// A request as it is typed: the field of each word, and what is wrong with it.

import type { CompiledCommand, CompiledProtocol } from "../../protocol/compile.ts";
import { isOptional, type NamedField } from "../../protocol/fields.ts";
import { isTag } from "../../dialects/lineup1/line.ts";
import { isVerb } from "../../protocol/names.ts";
import { printable } from "../../protocol/printable.ts";
import { encodeText } from "../../protocol/strings.ts";
import { describe } from "../../protocol/describe.ts";
import { BadValue, parseBody, parseValue } from "../../protocol/values.ts";
import { nearest } from "../flags.ts";
import { type Token, tokenise } from "./tokens.ts";

/** A mistake in a line; it is at `text[start, end)`. */
export interface Diagnostic {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** Where the body of a request comes from. */
export type BodySource =
  | { readonly from: "file"; readonly path: string; readonly token: Token }
  | {
    readonly from: "lines";
    readonly mark: string;
    readonly token: Token;
    /** Whether the line has an open quote. The lines up to the mark are then skipped, for it cannot have a length. */
    readonly skipped: boolean;
  }
  /** A word that begins with `<<` and names no end of a body. It is unknown which lines behind it are the body. */
  | { readonly from: "unclear"; readonly token: Token }
  | { readonly from: "counted"; readonly length: number; readonly token: Token };

/** A line that was read. */
export interface RequestLine {
  readonly text: string;
  readonly tag: Token | undefined;
  readonly verb: Token | undefined;
  /** The command of the verb; `undefined` if the protocol has no such command or is not known. */
  readonly command: CompiledCommand | undefined;
  /** The tokens after the verb. */
  readonly rest: readonly Token[];
  /** The field of each token of `rest`. */
  readonly fields: readonly (NamedField | undefined)[];
  /** The source of the body; `undefined` if the body is a word of the line. */
  readonly body: BodySource | undefined;
  /** The mistakes in the line, from left to right. */
  readonly mistakes: readonly Diagnostic[];
  /** The first field that is missing. */
  readonly missing: Diagnostic | undefined;
}

/** Reports a mistake in a token. */
type ReportMistake = (token: Token, message: string) => void;

/** Reads a line. A line that is half typed is ordinary input, so nothing throws. */
export function readRequestLine(text: string, protocol: CompiledProtocol | undefined): RequestLine {
  const tokens = tokenise(text);
  const tag = tokens[0]?.kind === "tag" ? tokens.shift() : undefined;
  const verb = tokens.shift();
  const mistakes: Diagnostic[] = [];
  const report: ReportMistake = ({ start, end }, message) => mistakes.push({ start, end, message });
  if (tag !== undefined && !isTag(tag.value)) {
    report(tag, 'A tag is "#" and 1 to 32 letters, digits, "-", "_", ".".');
  }
  const command = verb && protocol?.commands.get(verb.value.toUpperCase());
  if (verb !== undefined && !isVerb(verb.value.toUpperCase())) {
    report(verb, 'A request begins with a verb: a letter, then letters, digits, "-".');
  } else if (verb !== undefined && command === undefined && protocol !== undefined) {
    const verbs = [...protocol.commands.keys()];
    report(verb, `There is no command ${verb.value}${nearest(verb.value.toUpperCase(), verbs)}`);
  }
  const body = bodySource(tokens, command) ?? linesBehind(text, verb ? [verb, ...tokens] : tokens);
  if (body?.from === "unclear") report(body.token, UNCLEAR_MARK);
  const fields = command === undefined
    ? tokens.map(() => undefined)
    : assign(command, tokens, body, report);
  mistakes.sort((a, b) => a.start - b.start);
  const missing = command && findMissing(command, fields, body, text.length);
  return { text, tag, verb, command, rest: tokens, fields, body, mistakes, missing };
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
  return /^@./.test(token.value) ? { from: "file", path: token.value.slice(1), token } : undefined;
}

/** The reason why a word is `unclear`. */
export const UNCLEAR_MARK =
  'A word with << comes last and names the end of the body, as in <<END; quote text that begins with "<<".';

/**
 * The body up to a mark, which the last word of any line may name, also of a wrong one: its lines must never run as
 * requests.
 */
function linesBehind(text: string, tokens: readonly Token[]): BodySource | undefined {
  if (tokens.some(({ closed }) => !closed)) {
    const found = /(?<=[ \t])<<([A-Za-z0-9_.-]+)(?=[ \t]*$)/.exec(text);
    if (found === null) return undefined;
    const [value, mark] = found;
    const place = { start: found.index, end: found.index + value.length, valueStart: found.index };
    const token: Token = { ...place, kind: "word", value, quoted: false, closed: true };
    return { from: "lines", mark, token, skipped: true };
  }
  const words = tokens.filter(({ kind }) => kind === "word" || kind === "verb");
  const token = words.find(({ quoted, value }) => !quoted && value.startsWith("<<"));
  if (token === undefined) return undefined;
  const mark = /^<<([A-Za-z0-9_.-]+)$/.exec(token.value)?.[1];
  if (mark === undefined || token !== words.at(-1)) return { from: "unclear", token };
  return { from: "lines", mark, token, skipped: false };
}

/** The field of each token. Each value is checked. */
function assign(
  { verb, request }: CompiledCommand,
  tokens: readonly Token[],
  body: BodySource | undefined,
  report: ReportMistake,
): (NamedField | undefined)[] {
  const { positional, named } = request;
  const given = new Set<string>();
  let words = 0;
  return tokens.map((token) => {
    if (body?.from === "unclear" && token === body.token) return undefined;
    if (token === body?.token || token.kind === "length") {
      if (request.body === undefined) report(token, `${verb} takes no body.`);
      else if (body === undefined) report(token, "A body's length is {n}, last on its line.");
      return request.body;
    }
    if (!token.closed) report(token, "A closing quote is missing.");
    if (token.kind === "option") {
      const name = token.name!;
      const field = named.get(name);
      if (field === undefined) {
        report(token, `${verb} has no option ${name}; quote an argument that holds "=".`);
      } else if (given.has(name)) report(token, `The option ${name} is given twice.`);
      else check(field, token, report);
      given.add(name);
      return field;
    }
    const index = words++;
    const field = positional[index] ?? (positional.at(-1)?.many ? positional.at(-1) : undefined) ??
      (request.inlineBody && body === undefined && index === positional.length
        ? request.body
        : undefined);
    if (field !== undefined) check(field, token, report);
    else report(token, "This is one argument too many; quote text that has spaces.");
    return field;
  });
}

function check(
  field: NamedField,
  token: Token,
  report: ReportMistake,
): void {
  if (!token.closed) return;
  try {
    if (field.name === "body") parseBody(encodeText(token.value), field);
    else parseValue(token.value, field);
  } catch (error) {
    if (error instanceof BadValue) report(token, `${printable(error.message)}.`);
    else if (error instanceof TypeError) report(token, "This cannot be written in UTF-8.");
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

/** The ways to write a body, in words. */
export function bodyForms(inline: boolean): string {
  return `${inline ? "the last word, " : ""}@FILE, or <<END and lines up to END`;
}
