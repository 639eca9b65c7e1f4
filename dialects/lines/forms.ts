// The templates of a line dialect, read and checked: with the data alone, and with a protocol.

import type { CompiledCommand, CompiledProtocol } from "../../protocol/compile.ts";
import { standardErrors } from "../../protocol/errors.ts";
import { isOptionName } from "../../protocol/names.ts";
import type { Protocol } from "../../protocol/spec.ts";
import type { Shape } from "../../protocol/shape.ts";
import { isRecord, need, needKnown } from "../../protocol/spec_error.ts";
import { type FullSpec, OWN_COMMANDS } from "./read_spec.ts";
import type { CommandForm } from "./spec.ts";
import {
  type AnswerTemplate,
  fill,
  hasBlock,
  readTemplate,
  type TemplateLine,
} from "./template.ts";

/** The templates of one command. */
export interface AnswerForm {
  readonly head: AnswerTemplate | undefined;
  readonly items: readonly AnswerTemplate[];
  /** Of a reply; `undefined` where nothing follows the items. */
  readonly replies: readonly AnswerTemplate[] | undefined;
  /** Whether the items together are the lines of one block. */
  readonly gathers: boolean;
}

const FORM_KEYS = ["head", "item", "reply"];
const STATUS_CODE = /^[0-9]{3}(?: |$)/;
const ITEM: AnswerTemplate = readTemplate("{text}", "item");

/** The templates of a dialect. */
export class LineForms {
  readonly #spec: FullSpec;
  readonly #greeting: AnswerTemplate | undefined;
  readonly #error: AnswerTemplate;
  readonly #errors: ReadonlyMap<string, AnswerTemplate>;
  readonly #single: AnswerForm;
  readonly #streaming: AnswerForm;
  /** By verb. */
  readonly #forms: ReadonlyMap<string, AnswerForm>;

  /** Reads the templates. Throws `SpecError`. */
  constructor(spec: FullSpec) {
    this.#spec = spec;
    const { greeting, errors = {}, forms = {}, head, tail, multiline } = spec;
    this.#greeting = greeting === undefined ? undefined : readTemplate(greeting, "greeting");
    needFields(this.#greeting, ["name", "version", "summary"], "greeting", "of a protocol");
    this.#error = this.#readError(spec.error, "error");
    need(isRecord(errors), "errors", "must be an object of templates by code");
    this.#errors = new Map(
      Object.entries(errors).map(([code, text]) => {
        need(isOptionName(code), `errors.${code}`, "is no code of an error, such as bad-syntax");
        return [code, this.#readError(text, `errors.${code}`)];
      }),
    );
    const replies = [this.#readReply(spec.reply, "reply")];
    const headed = head === undefined ? undefined : this.#readHead(head, "head");
    const isSmtp = multiline === "smtp";
    need(!isSmtp || tail === undefined, "tail", "in the form of SMTP, reply ends a stream");
    const tails = tail === undefined ? undefined : [this.#readReply(tail, "tail")];
    this.#single = { head: undefined, items: [], replies, gathers: false };
    this.#streaming = {
      head: headed,
      items: [ITEM],
      replies: isSmtp ? replies : tails,
      gathers: !isSmtp,
    };
    need(isRecord(forms), "forms", "must be an object of forms by verb");
    const all = Object.entries(forms).map(([verb, form]) =>
      [verb, this.#readForm(form, `forms.${verb}`)] as const
    );
    for (const kind of OWN_COMMANDS) {
      for (const [verb, reply] of Object.entries(spec[kind])) {
        all.push([verb, this.#readForm({ reply }, `${kind}.${verb}`)]);
      }
    }
    this.#forms = new Map(all);
  }

  /** The first line of a connection; `undefined` where there is none. */
  greeting({ name, version, summary }: Protocol): string | undefined {
    if (this.#greeting === undefined) return undefined;
    const texts = new Map(Object.entries({ name, version, summary }));
    return this.#greeting.lines.map((line) => fill(partsOf(line), texts)).join(this.#spec.eol);
  }

  /** The line of a failure. */
  failure(code: string, message: string): string {
    const { lines: [line] } = this.#errors.get(code) ?? this.#error;
    const text = message.replace(/\p{Cc}+/gu, " ").toWellFormed();
    return fill(partsOf(line), new Map([["code", code], ["text", text]]));
  }

  /** The templates of a command. */
  of({ verb, items }: CompiledCommand): AnswerForm {
    return this.#forms.get(verb) ?? (items === undefined ? this.#single : this.#streaming);
  }

  /** The names of the fields that a reply has. */
  fieldsOf(verb: string): readonly string[] {
    return this.#forms.get(verb)!.replies!.flatMap(({ fields }) => fields);
  }

  /** Checks that the templates and a protocol fit each other. Throws `SpecError`. */
  check({ commands }: CompiledProtocol): void {
    for (const verb of this.#forms.keys()) {
      need(commands.has(verb), `forms.${verb}`, "the protocol has no such command");
    }
    const codes = new Set(Object.keys(standardErrors));
    for (const { errors } of commands.values()) for (const code of errors.keys()) codes.add(code);
    for (const code of this.#errors.keys()) {
      need(codes.has(code), `errors.${code}`, "no command of the protocol has such an error");
    }
    for (const command of commands.values()) this.#checkCommand(command);
  }

  #checkCommand(command: CompiledCommand): void {
    const { verb, reply, items } = command;
    const { head, items: templates, replies, gathers } = this.of(command);
    const path = `forms.${verb}`;
    for (const template of replies ?? []) {
      needFields(template, namesOf(reply), `${path}.reply`, `of the reply of ${verb}`);
    }
    need(
      items !== undefined || (head === undefined && templates.length === 0),
      path,
      "head and item are for streams, and the command has no items",
    );
    if (items === undefined) return;
    for (const template of [...templates, ...head ? [head] : []]) {
      needFields(template, namesOf(items), `${path}.item`, `of the items of ${verb}`);
    }
    need(
      this.#spec.multiline !== "dot" || !gathers || head !== undefined,
      path,
      "a stream that ends in a dot needs a head: else a client could take an item for a failure",
    );
  }

  #readForm(form: CommandForm, path: string): AnswerForm {
    needForm(form, path);
    const { quotes } = this.#spec;
    const isStream = form.head !== undefined || form.item !== undefined;
    const items = form.item === undefined
      ? isStream ? [ITEM] : []
      : listOf(form.item, `${path}.item`).map((text) => readTemplate(text, `${path}.item`, quotes));
    const gathers = isStream && this.#streaming.gathers && !items.some(hasBlock);
    const head = form.head === undefined
      ? gathers ? this.#streaming.head : undefined
      : this.#readHead(form.head, `${path}.head`);
    const own = form.reply === undefined
      ? undefined
      : listOf(form.reply, `${path}.reply`).map((text) => this.#readReply(text, `${path}.reply`));
    const replies = own ?? (isStream ? this.#streaming.replies : this.#single.replies);
    return { head, items, replies, gathers };
  }

  #readReply(text: string, path: string): AnswerTemplate {
    const template = readTemplate(text, path, this.#spec.quotes);
    this.#needCode(template, path);
    return template;
  }

  #readHead(text: string, path: string): AnswerTemplate {
    need(this.#spec.multiline !== "smtp", path, "in the form of SMTP, an answer has no head");
    const template = readTemplate(text, path, this.#spec.quotes);
    need(!hasBlock(template), path, "must be lines without {name...}");
    return template;
  }

  #readError(text: string, path: string): AnswerTemplate {
    const template = readTemplate(text, path);
    need(template.lines.length === 1 && !hasBlock(template), path, "must be one line");
    needFields(template, ["code", "text"], path, "of a failure");
    this.#needCode(template, path);
    return template;
  }

  #needCode({ lines: [line] }: AnswerTemplate, path: string): void {
    if (this.#spec.multiline !== "smtp") return;
    const [first] = "parts" in line ? line.parts : [];
    const isCode = typeof first === "string" && STATUS_CODE.test(first);
    need(isCode, path, "in the form of SMTP, must begin with three digits and a space");
  }
}

/** Throws `SpecError` unless a value is an object with parts of a form. */
function needForm(form: object, path: string): void {
  need(isRecord(form), path, "must be an object");
  needKnown(form, FORM_KEYS, path);
}

function listOf(texts: string | readonly string[], path: string): readonly string[] {
  const list: readonly string[] = Array.isArray(texts) ? texts : [texts];
  need(list.length > 0, path, "must have a template at least");
  return list;
}

function partsOf(line: TemplateLine): Parameters<typeof fill>[0] {
  return "parts" in line ? line.parts : [];
}

function namesOf({ positional, named, body }: Shape): string[] {
  const names = [...positional.map(({ name }) => name), ...named.keys()];
  return body === undefined ? names : [...names, "body"];
}

/** Throws `SpecError` where a template has a field that is neither one of these nor `text`. */
function needFields(
  template: AnswerTemplate | undefined,
  names: readonly string[],
  path: string,
  whose: string,
): void {
  for (const name of template?.fields ?? []) {
    const list = names.length === 0 ? "there are none" : `they are ${names.join(", ")}`;
    const isKnown = names.includes(name) || name === "text";
    need(isKnown, path, `{${name}} is none of the fields ${whose}: ${list}`);
  }
}
