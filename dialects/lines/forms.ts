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
  hasField,
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

/** The templates of a command without items, and of one with items: only the protocol tells which it is. */
interface FormOfBoth {
  readonly given: CommandForm;
  readonly single: AnswerForm;
  readonly streaming: AnswerForm;
}

const FORM_KEYS = ["head", "item", "reply"];
const STATUS_CODE = /^[0-9]{3}(?: |$)/;

/** The templates of a dialect. */
export class LineForms {
  readonly #spec: FullSpec;
  readonly #greeting: AnswerTemplate | undefined;
  readonly #error: AnswerTemplate;
  readonly #errors: ReadonlyMap<string, AnswerTemplate>;
  /** The templates of all other commands. */
  readonly #usual: FormOfBoth;
  /** By verb. */
  readonly #forms: ReadonlyMap<string, FormOfBoth>;

  /** Reads the templates. Throws `SpecError`. */
  constructor(spec: FullSpec) {
    this.#spec = spec;
    const { greeting, errors = {}, forms = {} } = spec;
    this.#greeting = greeting === undefined ? undefined : readTemplate(greeting, "greeting");
    if (this.#greeting !== undefined) {
      needFields(this.#greeting, ["name", "version", "summary"], "of a protocol");
      need(!hasBlock(this.#greeting), "greeting", "must be lines without {name...}");
    }
    this.#error = this.#readError(spec.error, "error");
    need(isRecord(errors), "errors", "must be an object of templates by code");
    this.#errors = new Map(
      Object.entries(errors).map(([code, text]) => {
        need(isOptionName(code), `errors.${code}`, "is no code of an error, such as bad-syntax");
        return [code, this.#readError(text, `errors.${code}`)];
      }),
    );
    const isSmtp = spec.multiline === "smtp";
    need(!isSmtp || spec.tail === undefined, "tail", "in the form of SMTP, reply ends a stream");
    this.#usual = this.#readForm({}, "spec");
    need(isRecord(forms), "forms", "must be an object of forms by verb");
    const all = Object.entries(forms).map(([verb, form]) =>
      [verb, this.#readForm(form, `forms.${verb}`)] as const
    );
    for (const kind of OWN_COMMANDS) {
      for (const [verb, reply] of Object.entries(spec[kind])) {
        const path = `${kind}.${verb}`;
        need(!Object.hasOwn(forms, verb), `forms.${verb}`, `${path} has its lines already`);
        all.push([verb, this.#readOwn(kind, reply, path)]);
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
    const { single, streaming } = this.#forms.get(verb) ?? this.#usual;
    return items === undefined ? single : streaming;
  }

  /** Whether a stream may end without a line that could tell of its failure. */
  get mayBreakOff(): boolean {
    const all = [this.#usual, ...this.#forms.values()];
    const isOpen = ({ streaming }: FormOfBoth): boolean =>
      streaming.gathers && streaming.replies === undefined;
    return this.#spec.multiline === "dot" && all.some(isOpen);
  }

  /** The names of the fields that a reply has. */
  fieldsOf(verb: string): readonly string[] {
    return this.#forms.get(verb)!.single.replies!.flatMap(({ fields }) => fields);
  }

  /** Checks that the templates and a protocol fit each other. Throws `SpecError`. */
  check({ commands }: CompiledProtocol): void {
    for (const verb of Object.keys(this.#spec.forms ?? {})) {
      need(commands.has(verb), `forms.${verb}`, "the protocol has no such command");
    }
    const codes = new Set(Object.keys(standardErrors));
    for (const { errors } of commands.values()) for (const code of errors.keys()) codes.add(code);
    for (const code of this.#errors.keys()) {
      need(codes.has(code), `errors.${code}`, "no command of the protocol has such an error");
    }
    for (const command of commands.values()) this.#checkCommand(command);
  }

  /** Checks that a server has the figures of `status`. Throws `SpecError`. */
  checkFigures(figures: Iterable<readonly [name: string, value: string | number]>): void {
    const verbs = Object.keys(this.#spec.status);
    if (verbs.length === 0) return;
    const names = Array.from(figures, ([name]) => name);
    for (const verb of verbs) {
      for (const template of this.#forms.get(verb)!.single.replies!) {
        needFields(template, names, "that a server has from its start");
      }
    }
  }

  #checkCommand(command: CompiledCommand): void {
    const { verb, reply, items } = command;
    const { head, items: templates, replies, gathers } = this.of(command);
    const path = `forms.${verb}`;
    for (const template of replies ?? []) {
      needFields(template, namesOf(reply), `of the reply of ${verb}`);
    }
    const { head: ownHead, item: ownItem } = (this.#forms.get(verb) ?? this.#usual).given;
    need(
      items !== undefined || (ownHead === undefined && ownItem === undefined),
      path,
      "head and item are for streams, and the command has no items",
    );
    if (items === undefined) return;
    const names = namesOf(items);
    for (const template of head === undefined ? templates : [head, ...templates]) {
      needFields(template, names, `of the items of ${verb}`);
    }
    need(
      this.#spec.multiline !== "dot" || !gathers || head !== undefined,
      this.#forms.has(verb) ? path : "head",
      `the items of ${verb} end in a dot, so they need a head: else a client could take an item for a failure`,
    );
  }

  /** Reads the reply of a command that the dialect has by itself. */
  #readOwn(kind: typeof OWN_COMMANDS[number], reply: string, path: string): FormOfBoth {
    const replies = this.#readReplies(reply, path);
    const isPlain = kind === "fixed" || kind === "quit";
    for (const { lines, fields } of replies) {
      need(!isPlain || fields.length === 0, path, `has no fields, and {${fields[0]}} is one`);
      const isLine = lines.some((line) => "parts" in line && hasField(line.parts, "text"));
      need(
        this.#spec.multiline === "smtp" || !isLine,
        path,
        "{text} has several lines here: write {text...} on a line of its own",
      );
    }
    const form = { head: undefined, items: [], replies, gathers: false };
    return { given: {}, single: form, streaming: form };
  }

  /** Reads a form. Its parts that are not given are those of the dialect. */
  #readForm(form: CommandForm, path: string): FormOfBoth {
    needForm(form, path);
    const { reply, head, tail, quotes, multiline } = this.#spec;
    const { item = "{text}" } = form;
    const items = listOf(item, `${path}.item`)
      .map((text) => readTemplate(text, `${path}.item`, quotes));
    const gathers = multiline !== "smtp" && !items.some(hasBlock);
    const own = form.reply === undefined
      ? undefined
      : this.#readReplies(form.reply, `${path}.reply`);
    const replies = own ?? this.#readReplies(reply, "reply");
    const tails = tail === undefined ? undefined : this.#readReplies(tail, "tail");
    const usualHead = head === undefined ? undefined : this.#readHead(head, "head");
    const streaming = {
      head: form.head !== undefined
        ? this.#readHead(form.head, `${path}.head`)
        : gathers
        ? usualHead
        : undefined,
      items,
      replies: own ?? (multiline === "smtp" ? replies : tails),
      gathers,
    };
    const single = { head: undefined, items: [], replies, gathers: false };
    return { given: form, single, streaming };
  }

  #readReplies(texts: string | readonly string[], path: string): AnswerTemplate[] {
    return listOf(texts, path).map((text) => {
      const template = readTemplate(text, path, this.#spec.quotes);
      this.#needCode(template, path);
      return template;
    });
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
    needFields(template, ["code", "text"], "of a failure");
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
  { path, fields }: AnswerTemplate,
  names: readonly string[],
  whose: string,
): void {
  for (const name of fields) {
    const list = names.length === 0 ? "there are none" : `they are ${names.join(", ")}`;
    const isKnown = names.includes(name) || name === "text";
    need(isKnown, path, `{${name}} is none of the fields ${whose}: ${list}`);
  }
}
