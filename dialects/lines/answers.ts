// The lines of answers, made of templates and values.

import type { CompiledCommand } from "../../protocol/compile.ts";
import { isOptional, type NamedField } from "../../protocol/fields.ts";
import type { Shape, Values } from "../../protocol/shape.ts";
import { decodeText } from "../../protocol/strings.ts";
import { BadValue, formatBody, formatValue } from "../../protocol/values.ts";
import type { AnswerForm } from "./forms.ts";
import type { Multiline } from "./spec.ts";
import { type AnswerTemplate, type FieldTexts, fill, firstFit, linesOf } from "./template.ts";

/** Where text has several lines. */
export interface LineStyle {
  readonly multiline: Multiline;
  readonly endWord: string;
  readonly eol: string;
}

/** Writes answers. Each method throws for values that cannot be written. */
export class AnswerWriter {
  readonly #style: LineStyle;

  constructor(style: LineStyle) {
    this.#style = style;
  }

  /** The end of a block of lines; empty where the end of the connection ends it. */
  get blockEnd(): string {
    const { multiline, endWord, eol } = this.#style;
    if (multiline === "close") return "";
    return (multiline === "dot" ? "." : endWord) + eol;
  }

  /** The text of an item. `isFirst` tells whether no item came before. */
  item(command: CompiledCommand, form: AnswerForm, item: Values, isFirst: boolean): string {
    const texts = textsOf(command.items!, item);
    const { head, items, replies, gathers } = form;
    if (isFirst && head !== undefined && head.fields.length > 0) return this.#head(head, texts);
    const template = fitting(items, texts, `an item of ${command.verb}`);
    const before = isFirst && head !== undefined ? this.#head(head, texts) : "";
    if (this.#style.multiline !== "smtp") return before + this.#lines(template, texts, gathers);
    const code = codeOf(replies![0]);
    return this.#all(template, texts).map((line) => `${code}-${line}${this.#style.eol}`).join("");
  }

  /** The text of a reply. `isFirst` tells whether no item came before. */
  reply(
    command: CompiledCommand,
    form: AnswerForm,
    reply: Values | undefined,
    isFirst: boolean,
  ): string {
    const texts = textsOf(command.reply, reply ?? {});
    const { head, replies, gathers } = form;
    const before = isFirst && head !== undefined ? this.#head(head, new Map()) : "";
    const end = gathers ? this.blockEnd : "";
    if (replies === undefined) return before + end;
    const template = fitting(replies, texts, `the reply of ${command.verb}`);
    if (this.#style.multiline === "smtp") return this.#coded(template, texts);
    return before + end + this.#lines(template, texts, false);
  }

  #head(head: AnswerTemplate, texts: FieldTexts): string {
    return this.#lines(fitting([head], texts, "the first item"), texts, false);
  }

  /** Lines whose first ones say with `-` that others follow. */
  #coded(template: AnswerTemplate, texts: FieldTexts): string {
    const [first, ...rest] = this.#all(template, texts);
    const lines = [first.slice(4), ...rest];
    const code = first.slice(0, 3);
    const last = lines.pop()!;
    const all = [...lines.map((line) => `${code}-${line}`), last === "" ? code : `${code} ${last}`];
    return all.map((line) => line + this.#style.eol).join("");
  }

  /** All lines of a template, those within values too. */
  #all({ lines }: AnswerTemplate, texts: FieldTexts): string[] {
    const all = lines.flatMap((line) =>
      linesOf("block" in line ? texts.get(line.block)! : fill(line.parts, texts))
    );
    return all.length === 0 ? [""] : all;
  }

  #lines({ lines }: AnswerTemplate, texts: FieldTexts, isInBlock: boolean): string {
    const { eol } = this.#style;
    let all = "";
    for (const line of lines) {
      if ("block" in line) {
        for (const each of linesOf(texts.get(line.block)!)) all += this.#inBlock(each) + eol;
        all += this.blockEnd;
        continue;
      }
      const text = fill(line.parts, texts);
      if (/[\r\n]/.test(text)) throw new RangeError("a value of one line has several");
      all += (isInBlock ? this.#inBlock(text) : text) + eol;
    }
    return all;
  }

  /** A line of a block, changed where it could be the last one. */
  #inBlock(line: string): string {
    const { multiline, endWord } = this.#style;
    if (multiline === "dot" && line.startsWith(".")) return `.${line}`;
    if (multiline !== "end-word" || line !== endWord) return line;
    throw new RangeError(`a line of text is ${endWord}, which ends the text`);
  }
}

/** The status code at the beginning of a template. */
function codeOf({ lines: [line] }: AnswerTemplate): string {
  return "parts" in line ? String(line.parts[0]).slice(0, 3) : "";
}

function fitting(
  templates: readonly AnswerTemplate[],
  texts: FieldTexts,
  what: string,
): AnswerTemplate {
  const template = firstFit(templates, texts);
  if (template !== undefined) return template;
  const wanted = templates.map(({ fields }) => fields.join(", ")).join(" or ");
  throw new RangeError(`${what} has no value for each of ${wanted}`);
}

/** The texts of values. Throws `BadValue` for a value that is missing or not of its type. */
function textsOf(shape: Shape, values: Values): FieldTexts {
  const texts = new Map<string, string | readonly string[]>();
  const { positional, named, body } = shape;
  const fields = [...positional, ...named.values(), ...body === undefined ? [] : [body]];
  for (const field of fields) {
    const value = values[field.name];
    if (value !== undefined) texts.set(field.name, textOf(value, field));
    else if (!isOptional(field)) throw new BadValue(`${field.name} is missing`);
  }
  if (!fields.some(({ name }) => name === "text")) {
    texts.set("text", [...texts.values()].flat().join(" "));
  }
  return texts;
}

function textOf(value: unknown, field: NamedField): string | readonly string[] {
  if (field.name === "body") return decodeText(formatBody(value, field));
  if (!field.many) return formatValue(value, field);
  if (!Array.isArray(value)) throw new BadValue(`${field.name} must be an array`);
  return value.map((each) => formatValue(each, field));
}
