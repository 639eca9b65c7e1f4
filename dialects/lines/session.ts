// One connection of a line dialect.

import type { CompiledCommand } from "../../protocol/compile.ts";
import { Refusal } from "../../protocol/errors.ts";
import { show } from "../../protocol/printable.ts";
import type { Shape, Values } from "../../protocol/shape.ts";
import { decodeText } from "../../protocol/strings.ts";
import type {
  Correlated,
  Decoded,
  DialectSession,
  Failure,
  Invalid,
  Served,
  Sink,
  WireRequest,
} from "../dialect.ts";
import { LineInput } from "../line_input.ts";
import { readRequest } from "../lineup1/message.ts";
import type { AnswerWriter } from "./answers.ts";
import type { LineForms } from "./forms.ts";
import type { FullSpec } from "./read_spec.ts";
import type { VerbReader } from "./verbs.ts";
import { splitQuoted, splitWords } from "./words.ts";

/** The parts of a line dialect that its sessions share. */
export interface LineRules {
  readonly spec: FullSpec;
  readonly forms: LineForms;
  readonly writer: AnswerWriter;
  readonly verbs: VerbReader;
}

/** The memory of a request beside its line. */
const REQUEST_BYTES = 64;
const NO_OPTIONS: ReadonlyMap<string, string> = new Map();

/** A line, and how far its answer is. */
class LineRequest implements WireRequest {
  readonly kind = "request";
  readonly plain = true;
  readonly verb: string;
  /** The client's words for the verb. */
  readonly name: string;
  /** The rest of the line behind the verb. */
  rest: string;
  /** The number of items that are written. */
  items = 0;

  constructor(verb: string, name: string, rest: string) {
    this.verb = verb;
    this.name = name;
    this.rest = rest;
  }

  get bytes(): number {
    return REQUEST_BYTES + 2 * this.rest.length;
  }

  forget(): void {
    this.rest = "";
  }
}

/** The state of one connection. */
export class LineSession implements DialectSession {
  readonly timed = false;
  readonly awaitsAnswers: boolean;
  over = false;
  readonly served: Served;
  readonly #rules: LineRules;
  readonly #input: LineInput;

  constructor(served: Served, rules: LineRules) {
    this.served = served;
    this.#rules = rules;
    // Nothing may stand behind a list that breaks off: it would look like a part of it.
    this.awaitsAnswers = rules.forms.mayBreakOff;
    this.#input = new LineInput(served.limits.maxLine, rules.spec.overlong);
  }

  get held(): number {
    return this.#input.held;
  }

  get midRequest(): boolean {
    return !this.#input.idle;
  }

  greet(out: Sink): void {
    const { forms, spec } = this.#rules;
    const greeting = forms.greeting(this.served.compiled.protocol);
    if (greeting !== undefined) out.add(greeting + spec.eol);
  }

  push(bytes: Uint8Array): void {
    this.#input.push(bytes);
  }

  next(): Decoded | undefined {
    const input = this.#input;
    const unit = input.next();
    if (unit === "more") return undefined;
    const decoded = unit === "line" ? this.#read() : this.#tooLong();
    if (this.#rules.spec.once) input.stop();
    return decoded;
  }

  #tooLong(): Invalid {
    const message = `A line has at most ${this.served.limits.maxLine} bytes.`;
    return invalid("line-too-long", message, this.#rules.spec.overlong === "end");
  }

  #read(): LineRequest | Invalid {
    const { bytes, start, end } = this.#input;
    let line: string;
    try {
      line = decodeText(bytes, start, end);
    } catch {
      return invalid("bad-syntax", "A line is UTF-8 text.");
    }
    if (/(?!\t)\p{Cc}/u.test(line)) {
      return invalid("bad-syntax", "A line has no control characters but tabs.");
    }
    const { verb, name, rest } = this.#rules.verbs.read(line);
    return new LineRequest(verb, name, rest);
  }

  endOfInput(): Decoded | undefined {
    if (!this.midRequest) return undefined;
    return invalid("bad-syntax", "The input ended within a line, which was not executed.");
  }

  readArguments(request: LineRequest, command: CompiledCommand): Values | Promise<Values> {
    const words = this.#words(request.rest, command.request);
    return readRequest({ ...command, verb: request.name }, {
      words,
      options: NO_OPTIONS,
      body: undefined,
    });
  }

  #words(rest: string, { positional, body }: Shape): string[] {
    const { quotes } = this.#rules.spec;
    if (quotes !== "") return splitQuoted(rest, quotes);
    const fields = body === undefined ? positional : [...positional, body];
    const last = fields.at(-1);
    const takesRest = last !== undefined && !last.many && (last === body || last.type === "text");
    const words = splitWords(rest, takesRest ? fields.length : Infinity);
    if (words.length <= fields.length || last?.many) return words;
    const extra = show(words[fields.length]);
    throw new Refusal("bad-arguments", `${extra} is one argument too many.`);
  }

  writeItem(to: LineRequest, command: CompiledCommand, item: Values, out: Sink): void {
    const { writer, forms } = this.#rules;
    out.add(writer.item(command, forms.of(command), item, to.items === 0));
    to.items++;
  }

  writeReply(
    to: LineRequest,
    command: CompiledCommand,
    reply: Values | undefined,
    out: Sink,
  ): void {
    const { writer, forms } = this.#rules;
    out.add(writer.reply(command, forms.of(command), reply, to.items === 0));
    this.over ||= this.#rules.spec.once;
  }

  writeFailure(to: Correlated, failure: Failure, out: Sink): void {
    const { spec, forms } = this.#rules;
    const line = forms.failure(failure.code, failure.message) + spec.eol;
    this.over ||= spec.once;
    const command = to instanceof LineRequest && to.items > 0
      ? this.served.compiled.commands.get(to.verb)
      : undefined;
    const { gathers = false, replies } = command === undefined ? {} : forms.of(command);
    if (!gathers || spec.multiline !== "dot") out.add(line);
    // A status behind the dot can be the failure. Without one, only the missing dot can tell of it.
    else if (replies !== undefined) out.add(this.#rules.writer.blockEnd + line);
    else this.over = true;
  }

  carries(): boolean {
    return true;
  }

  writeNotice(): void {}
}

function invalid(code: string, message: string, fatal: boolean = false): Invalid {
  return { kind: "invalid", failure: { code, message }, fatal };
}
