// One connection of a beanstalkd client: bytes to commands, and answers to words.

import { BodyReader } from "../../dialects/body_reader.ts";
import {
  type Correlated,
  type Decoded,
  type DialectSession,
  type Failure,
  type Invalid,
  NOBODY,
  type Notice,
  type Served,
  type Sink,
} from "../../dialects/dialect.ts";
import { PartialLine } from "../../dialects/partial_line.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import type { Values } from "../../protocol/shape.ts";
import { decodeText } from "../../protocol/strings.ts";
import { commandOf, lengthBehind, readArguments } from "./command_line.ts";
import { isForeign, TLS_HANDSHAKE } from "./foreign_protocol.ts";
import { type Answer, answers, wordOf } from "./answers.ts";
import { BeanstalkdRequest } from "./request.ts";

const EMPTY = new Uint8Array(0);
const LF = 0x0a, CR = 0x0d;
/** The verb of a command that there is not. */
const UNKNOWN = "?";
/** The failures that end a connection without a command that caused them. */
const ENDS = ["timeout", "unauthenticated", "forbidden"];
/** The beginning of a line that a body follows. */
const PUT = "put ";

/** The part of the input that comes next; `Nothing` behind a fatal error. */
const enum InputPart {
  Line,
  /** The rest of a line that is too long. */
  LineEnd,
  Body,
  BodyEnd,
  Nothing,
}

/** The state of one connection. */
export class BeanstalkdSession implements DialectSession {
  readonly timed = false;
  readonly #served: Served;
  readonly #line: PartialLine;
  readonly #body = new BodyReader();
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  #reading = InputPart.Line;
  #isFirst = true;
  #afterCR = false;
  /** Whether the line of the command ended in CR LF: then its body must too. */
  #needsCR = false;
  /** The command whose body is read; undefined while a body is skipped. */
  #request: BeanstalkdRequest | undefined = undefined;

  constructor(served: Served) {
    this.#served = served;
    this.#line = new PartialLine(served.limits.maxLine + 1);
  }

  get held(): number {
    return this.#line.bytes.length + this.#body.held;
  }

  get midRequest(): boolean {
    return this.#reading !== InputPart.Line || this.#line.length > 0;
  }

  /** beanstalkd says nothing first. */
  greet(): void {}

  push(bytes: Uint8Array): void {
    if (this.#reading === InputPart.Nothing) return;
    this.#chunk = bytes;
    this.#at = 0;
    this.#body.nextChunk();
  }

  next(): Decoded | undefined {
    for (;;) {
      switch (this.#reading) {
        case InputPart.Line: {
          const chunk = this.#chunk;
          const start = this.#at;
          if (start === chunk.length) {
            this.#chunk = EMPTY;
            this.#at = 0;
            return undefined;
          }
          if (this.#isFirst && this.#line.length === 0 && chunk[start] === TLS_HANDSHAKE) {
            return this.#lost("wrong-protocol", "This port speaks beanstalkd's protocol, not TLS.");
          }
          let end = start;
          while (end < chunk.length && chunk[end] !== LF) end++;
          if (this.#isTooLong(start, end)) {
            return this.#tooLong(start, end);
          }
          if (end === chunk.length) {
            this.#line.add(chunk, start, end);
            this.#at = end;
            break;
          }
          this.#at = end + 1;
          const decoded = this.#parse(start, end);
          if (decoded !== undefined) return decoded;
          break;
        }
        case InputPart.LineEnd: {
          const end = this.#chunk.indexOf(LF, this.#at);
          this.#at = end < 0 ? this.#chunk.length : end + 1;
          if (end < 0) return undefined;
          this.#reading = InputPart.Line;
          break;
        }
        case InputPart.Body:
          this.#at = this.#body.fill(this.#chunk, this.#at);
          if (!this.#body.whole) return undefined;
          this.#reading = InputPart.BodyEnd;
          break;
        case InputPart.BodyEnd: {
          if (this.#at === this.#chunk.length) return undefined;
          const decoded = this.#bodyEnd();
          if (decoded !== undefined) return decoded;
          break;
        }
        case InputPart.Nothing:
          return undefined;
      }
    }
  }

  /** What is unfinished is not executed, and not answered, as by beanstalkd. */
  endOfInput(): undefined {}

  readArguments({ args }: BeanstalkdRequest): Values {
    return args;
  }

  writeItem(): never {
    throw new TypeError("no command of beanstalkd has items");
  }

  writeReply(
    _to: BeanstalkdRequest,
    { verb }: CompiledCommand,
    reply: Values | undefined,
    out: Sink,
  ): void {
    const answer = answers[verb as keyof typeof answers] as (reply: Values) => Answer;
    const { line, body } = answer(reply ?? {});
    if (line === "") return;
    out.add(line + "\r\n", body);
    if (body !== undefined) out.add("\r\n");
  }

  writeFailure(to: Correlated, failure: Failure, out: Sink): void {
    // A client that has asked nothing would take a word for the answer to what it asks next.
    if (to === NOBODY && ENDS.includes(failure.code)) return;
    out.add(wordOf(failure, (to as Partial<BeanstalkdRequest>).verb) + "\r\n");
  }

  carries(): boolean {
    return true;
  }

  /** A put whose body is not whole is answered too. */
  writeNotice({ kind }: Notice, out: Sink): void {
    if (kind === "drained" && this.#request !== undefined) out.add("DRAINING\r\n");
  }

  /** Whether a line is too long, with what the chunk has of it. A CR at its end is no part of it. */
  #isTooLong(start: number, end: number): boolean {
    const { maxLine } = this.#served.limits;
    const length = this.#line.length + end - start;
    if (length <= maxLine) return false;
    const last = end > start ? this.#chunk[end - 1] : this.#line.bytes[this.#line.length - 1];
    return length > maxLine + 1 || last !== CR;
  }

  /** Skips a line that is too long. Behind that of a put is a body, which must not be taken for commands. */
  #tooLong(start: number, end: number): Invalid {
    const { maxLine } = this.#served.limits;
    const message = `A line holds at most ${maxLine} bytes.`;
    const { length } = PUT;
    if (this.#line.length < length) {
      this.#line.add(this.#chunk, start, Math.min(end, start + length));
    }
    const isPut = decodeText(this.#line.bytes, 0, length) === PUT;
    if (isPut) return this.#lost("line-too-long", message);
    this.#line.clear();
    this.#isFirst = false;
    this.#at = end;
    this.#reading = InputPart.LineEnd;
    return invalid("line-too-long", message, false);
  }

  /** Parses the line that ends in the chunk. */
  #parse(start: number, end: number): Decoded | undefined {
    let bytes = this.#chunk;
    if (this.#line.length > 0) {
      this.#line.add(bytes, start, end);
      ({ bytes, length: end } = this.#line);
      start = 0;
      this.#line.clear();
    }
    this.#needsCR = end > start && bytes[end - 1] === CR;
    if (this.#needsCR) end--;
    const command = commandOf(bytes, start, end);
    if (command === undefined) {
      if (isForeign(bytes, start, end)) {
        return this.#lost("wrong-protocol", "This port speaks beanstalkd's protocol.");
      }
      this.#isFirst = false;
      return new BeanstalkdRequest(UNKNOWN);
    }
    this.#isFirst = false;
    const { verb, args, hasBody } = command;
    const given = readArguments(command, bytes, start, end);
    if (!hasBody) {
      if (given === undefined) return badFormat("The arguments are wrong.", false);
      return args.length === 0 ? new BeanstalkdRequest(verb) : new BeanstalkdRequest(verb, given);
    }
    return this.#beginBody(verb, given, bytes, start, end);
  }

  #beginBody(
    verb: string,
    given: Values | undefined,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Decoded | undefined {
    const { maxBody, maxDiscard } = this.#served.limits;
    // The body of a refused command must not be taken for commands.
    const length = given === undefined ? lengthBehind(bytes, start, end) : given.length as number;
    if (length === undefined) return this.#lost("bad-syntax", "The length of the body is unknown.");
    const isTooLarge = length > maxBody;
    if (given !== undefined && !isTooLarge) {
      this.#request = new BeanstalkdRequest(verb, given);
      this.#expect(length, true);
      return undefined;
    }
    if (length > maxDiscard) {
      return this.#lost("body-too-large", `A body of ${length} bytes cannot be skipped.`);
    }
    this.#expect(length, false);
    if (given === undefined) return badFormat("The arguments are wrong.", false);
    return invalid("body-too-large", `A body holds at most ${maxBody} bytes.`, false);
  }

  #expect(length: number, keep: boolean): void {
    this.#body.begin(length, keep);
    this.#reading = InputPart.Body;
  }

  #bodyEnd(): Decoded | undefined {
    const byte = this.#chunk[this.#at];
    if (byte === CR && !this.#afterCR) {
      this.#afterCR = true;
      this.#at++;
      return undefined;
    }
    if (byte !== LF || this.#needsCR && !this.#afterCR) {
      return this.#lost("expected-crlf", "The body does not end where it should.");
    }
    this.#afterCR = false;
    this.#at++;
    this.#reading = InputPart.Line;
    const request = this.#request;
    if (request === undefined) return undefined;
    this.#request = undefined;
    request.args.body = this.#body.take();
    return request;
  }

  #lost(code: string, message: string): Invalid {
    this.#reading = InputPart.Nothing;
    this.#chunk = EMPTY;
    this.#line.clear();
    this.#body.clear();
    this.#afterCR = false;
    this.#request = undefined;
    return invalid(code, message, true);
  }
}

function badFormat(message: string, fatal: boolean): Invalid {
  return invalid("bad-syntax", message, fatal);
}

function invalid(code: string, message: string, fatal: boolean): Invalid {
  return { kind: "invalid", failure: { code, message }, fatal };
}
