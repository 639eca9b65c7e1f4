// A dialect like DICT (RFC 2229): requests are lines, answers have a status of three digits, and definitions end in a
// dot.

import type { Builtin, Correlated, Decoded, Dialect, Failure } from "@lineup/lineup/dialects";
import type { DialectSession, Invalid, Served, Sink, WireRequest } from "@lineup/lineup/dialects";
import { PLAIN_WORDING } from "@lineup/lineup/dialects";
import { type CompiledCommand, compileProtocol } from "@lineup/lineup/protocol";
import { Refusal, type Values } from "@lineup/lineup/protocol";

const STATUS = new Map([
  ...["unknown-command", "line-too-long", "bad-syntax"].map((code) => [code, 500] as const),
  ["draining", 421],
  ["bad-arguments", 501],
  ["no-match", 552],
]);

class DictRequest implements WireRequest {
  readonly kind = "request";
  readonly plain = true;
  constructor(readonly verb: string, public words: readonly string[]) {}
  get bytes(): number {
    return this.words.reduce((sum, { length }) => sum + 2 * length, 0);
  }
  forget(): void {
    this.words = [];
  }
}

class DictSession implements DialectSession {
  readonly timed = false;
  #input = new Uint8Array(0);
  #lost = false;
  constructor(readonly served: Served) {}
  get held(): number {
    return this.#input.length;
  }
  get midRequest(): boolean {
    return this.#input.length > 0;
  }
  greet(out: Sink): void {
    out.add(`220 ${this.served.compiled.protocol.name} <auth.none>\r\n`);
  }
  push(bytes: Uint8Array): void {
    if (!this.#lost) this.#input = Uint8Array.of(...this.#input, ...bytes);
  }
  next(): Decoded | undefined {
    const end = this.#input.indexOf(0x0a);
    if ((end < 0 ? this.#input.length : end) > this.served.limits.maxLine) {
      this.#input = new Uint8Array(0);
      this.#lost = true;
      return invalid("line-too-long", "line too long", true);
    }
    if (end < 0) return;
    const line = new TextDecoder().decode(this.#input.slice(0, end));
    const [verb, ...words] = line.trim().split(/\s+/);
    this.#input = this.#input.slice(end + 1);
    if (verb === "") return invalid("bad-syntax", "an empty line", false);
    return new DictRequest(verb.toUpperCase(), words);
  }
  endOfInput(): Decoded | undefined {
    return this.midRequest ? invalid("bad-syntax", "an unfinished line", false) : undefined;
  }
  readArguments({ words }: DictRequest, { request, verb }: CompiledCommand): Values {
    const names = request.positional.map(({ name }) => name);
    if (words.length === names.length) {
      return Object.fromEntries(names.map((name, i) => [name, words[i]]));
    }
    throw new Refusal("bad-arguments", `${verb} takes ${names.length} words`);
  }
  writeItem(_to: WireRequest, _command: CompiledCommand, { word, text }: Values, out: Sink): void {
    out.add(`151 ${word}\r\n${String(text).replace(/^\./gm, "..")}\r\n.\r\n`);
  }
  writeReply(_to: WireRequest, _: CompiledCommand, reply: Values | undefined, out: Sink): void {
    out.add(`${reply?.status ?? "250 ok"}\r\n`);
  }
  writeFailure(_to: Correlated, failure: Failure, out: Sink): void {
    out.add(statusLine(failure));
  }
  carries(): boolean {
    return true;
  }
  writeNotice(): void {}
}

function invalid(code: string, message: string, fatal: boolean): Invalid {
  return { kind: "invalid", failure: { code, message }, fatal };
}

function statusLine({ code, message }: Failure): string {
  return `${STATUS.get(code) ?? 420} ${message.replace(/\p{Cc}+/gu, " ")}\r\n`;
}

const reply = { status: "text" } as const;
const builtins: Readonly<Record<string, Builtin>> = {
  STATUS: {
    command: { summary: "Say how much was asked.", reply },
    run: (_args, context) => ({
      status: `210 ${new Map(context.figures()).get("requests-total")}`,
    }),
  },
  QUIT: {
    command: { summary: "End the connection.", reply },
    control: true,
    run: async (_args, context) => (await context.quit(), { status: "221 bye" }),
  },
};
const commands = Object.entries(builtins).map(([verb, { command }]) => [verb, command]);

/** The dialect. */
export const dict: Dialect = {
  name: "dict",
  about: "A dictionary.",
  builtins,
  wording: PLAIN_WORDING,
  compile: (protocol) => compileProtocol(protocol, { builtins: Object.fromEntries(commands) }),
  open: (_peer, served) => new DictSession(served),
  refuseConnection: (failure) => new TextEncoder().encode(statusLine(failure)),
};
