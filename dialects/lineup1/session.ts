// One connection of a Lineup/1 server: bytes to requests, and answers to lines.

import type { CompiledCommand } from "../../protocol/compile.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Values } from "../../protocol/shape.ts";
import type { ClassName } from "../../protocol/spec.ts";
import {
  type Correlated,
  type Decoded,
  type DialectSession,
  type Failure,
  type Invalid,
  NOBODY,
  type Notice,
  type RequestTimes,
  type Served,
  type Sink,
} from "../dialect.ts";
import { answerLine, replyParts, timingText } from "./answer.ts";
import { failureText, isReadable } from "./failure_line.ts";
import type { LineFramer } from "./line_framer.ts";
import { greetingLine } from "./greeting.ts";
import type { Malformed } from "./malformed.ts";
import { type LineParts, readRequest } from "./message.ts";
import { type RequestFrame, requestFrame } from "./request_frame.ts";
import { createRequestFramer } from "./request_framer.ts";
import { TelnetNegotiation } from "./telnet_negotiation.ts";

/** The state of one connection. */
export class Lineup1Session implements DialectSession {
  /** Changed by HELLO protocol=. */
  served: Served;
  /** Set by HELLO timing=on. */
  timed = false;
  /** Whether the client wants notices; set by HELLO events=on. */
  events = false;
  readonly #framer: LineFramer<RequestFrame>;
  readonly #telnet = new TelnetNegotiation();
  /** The unit behind the `Control` that `next` has just returned. */
  #after: Decoded | undefined = undefined;

  constructor(served: Served) {
    this.served = served;
    this.#framer = createRequestFramer(served.limits, requestFrame);
  }

  get held(): number {
    return this.#framer.held;
  }

  get midRequest(): boolean {
    return !this.#framer.idle;
  }

  /** The end of lines of answers: as the client ended its last line. */
  get eol(): string {
    return this.#framer.crlf ? "\r\n" : "\n";
  }

  greet(out: Sink): void {
    out.add(greetingLine(this.served) + this.eol);
  }

  push(bytes: Uint8Array): void {
    this.#framer.push(bytes);
  }

  next(): Decoded | undefined {
    const after = this.#after;
    if (after !== undefined) {
      this.#after = undefined;
      return after;
    }
    const framed = this.#framer.next();
    if (framed?.kind === "telnet") return this.#telnet.take(framed);
    const decoded = framed?.kind === "malformed" ? invalid(framed) : framed;
    if (!this.#telnet.interrupted) return decoded;
    this.#after = decoded;
    return this.#telnet.settle();
  }

  endOfInput(): Invalid | undefined {
    if (this.#framer.idle) return undefined;
    const message = "The input ended within a request, which was not executed.";
    return { kind: "invalid", failure: { code: "bad-syntax", message }, fatal: false };
  }

  readArguments(request: RequestFrame, command: CompiledCommand): Values | Promise<Values> {
    let values: Values | Promise<Values>;
    try {
      values = readRequest(command, request);
    } catch (error) {
      throw request.verb === "AUTH" ? withoutToken() : error;
    }
    if (request.options.size === 0) return values;
    if (values instanceof Promise) return values.then((values) => withOptions(request, values));
    return withOptions(request, values);
  }

  writeItem(to: RequestFrame, { items }: CompiledCommand, item: Values, out: Sink): void {
    this.#write(to, "*", replyParts(items!, item), "", out);
  }

  writeReply(
    to: RequestFrame,
    command: CompiledCommand,
    reply: Values | undefined,
    out: Sink,
    times?: RequestTimes,
  ): void {
    this.#write(to, "OK", replyParts(command.reply, reply), timingText(times), out);
  }

  writeFailure(to: Correlated, failure: Failure, out: Sink, times?: RequestTimes): void {
    const parts = { text: failureText(failure), body: undefined };
    this.#write(to, "ERR", parts, timingText(times), out);
  }

  carries(failure: Failure): boolean {
    return isReadable(failure);
  }

  writeNotice(notice: Notice, out: Sink): boolean {
    // A request that crosses the end of the connection gets this line as its answer.
    if (notice.kind === "drained") this.writeFailure(NOBODY, notice.failure, out);
    else if (this.events) out.add(`! draining within=${notice.within}ms${this.eol}`);
    return this.events;
  }

  #write(
    { correlation }: Correlated,
    head: string,
    parts: LineParts,
    timing: string,
    out: Sink,
  ): void {
    const { eol } = this;
    out.add(answerLine(correlation, head, parts, timing, eol), parts.body);
    if (parts.body !== undefined) out.add(eol);
  }
}

function invalid({ tag, code, message, fatal }: Malformed): Invalid {
  return { kind: "invalid", correlation: tag, failure: { code, message }, fatal };
}

/** The error of an AUTH that is wrong: most errors quote what is wrong, and that could be a token. */
function withoutToken(): Refusal {
  return new Refusal("bad-arguments", "AUTH takes one token and nothing else. Usage: AUTH token");
}

/** Sets the parts of a request that come from the options of every command. */
function withOptions(request: RequestFrame, values: Values): Values {
  request.timeout = values.within as number | undefined;
  request.class = values.class as ClassName | undefined;
  request.trace = values.trace as string | undefined;
  return values;
}
