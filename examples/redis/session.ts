// One connection: bytes to requests, and answers to frames.

import {
  type Correlated,
  type Decoded,
  type DialectSession,
  type Failure,
  NOBODY,
} from "@lineup/lineup/dialects";
import type { AuthMode, Served, Sink, WireLimits } from "@lineup/lineup/dialects";
import type { CompiledCommand, Values } from "@lineup/lineup/protocol";
import { bytesOf, isAscii } from "./binary.ts";
import { readWords } from "./command_plan.ts";
import type { RedisProtocol } from "./command_table.ts";
import { ReplyWriter } from "./reply.ts";
import { invalid, type RedisRequest, requestOf } from "./request.ts";
import { ProtocolFault, RequestReader } from "./request_reader.ts";

/** The first words of errors that clients know. Other errors begin with ERR. */
const PREFIXES: Readonly<Record<string, string>> = {
  "wrong-type": "WRONGTYPE",
  "out-of-memory": "OOM",
  "no-protocol": "NOPROTO",
  "wrong-password": "WRONGPASS",
  unauthenticated: "NOAUTH",
  forbidden: "NOPERM",
  busy: "TRYAGAIN",
  quota: "TRYAGAIN",
};

/** The longest string that is written without a `ReplyWriter`. */
const SHORT = 4096;

/** The state of one connection. */
export class RedisSession implements DialectSession {
  readonly timed = false;
  readonly peer: string;
  readonly limits: WireLimits;
  /** The commands by their first words. */
  readonly table: RedisProtocol["table"];
  /** Whether clients prove an identity. */
  readonly auth: () => AuthMode;
  /** Whether replies are frames of RESP3; set by HELLO. */
  resp3 = false;
  /** The facts that the client tells about itself. */
  readonly told = { name: "", "lib-name": "", "lib-ver": "" };
  readonly #reader: RequestReader;

  constructor(peer: string, { compiled, limits, auth = () => "none" }: Served) {
    this.peer = peer;
    this.limits = limits;
    this.auth = auth;
    this.table = (compiled as RedisProtocol).table;
    this.#reader = new RequestReader(limits.maxLine, limits.maxBody);
  }

  get held(): number {
    return this.#reader.held;
  }

  get midRequest(): boolean {
    return this.#reader.midRequest;
  }

  greet(): void {}

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  next(): Decoded | undefined {
    const words = this.#reader.next();
    if (words === undefined) return undefined;
    if (!(words instanceof ProtocolFault)) return requestOf(words, this.table);
    return invalid("bad-syntax", `Protocol error: ${words.message}`, true);
  }

  /** An unfinished request has no answer. */
  endOfInput(): undefined {}

  readArguments({ plan, words }: RedisRequest): Values {
    return readWords(plan!, words);
  }

  writeItem(): void {
    throw new TypeError("an array begins with its length, so no reply is sent in parts");
  }

  writeReply(
    { plan }: RedisRequest,
    _command: CompiledCommand,
    reply: Values | undefined,
    out: Sink,
  ): void {
    const value = plan!.frameOf(reply ?? {});
    // Most replies are short strings: they need no writer.
    if (typeof value === "string" && value.length <= SHORT && isAscii(value)) {
      out.add(`$${value.length}\r\n${value}\r\n`);
      return;
    }
    const writer = new ReplyWriter(this.resp3);
    writer.add(value);
    writer.moveTo(out);
  }

  writeFailure(to: Correlated, failure: Failure, out: Sink): void {
    // A client takes each frame as the answer to its oldest request, so only requests have answers.
    if (to !== NOBODY && failure.code !== "wrong-protocol") writeError(failure, out);
  }

  carries(): boolean {
    return true;
  }

  writeNotice(): void {}
}

/** Writes an error. Its message may repeat bytes of the client, but it stays one line. */
export function writeError({ code, message }: Failure, out: Sink): void {
  const line = `-${PREFIXES[code] ?? "ERR"} ${message.replace(/[\r\n]/g, " ")}\r\n`;
  if (isAscii(line)) out.add(line);
  else out.add("", bytesOf(line));
}
