// A dialect in the manner of DICT (RFC 2229): lines in, a status of three digits out, definitions that end in a dot.

import {
  type Decoded,
  type Dialect,
  type DialectSession,
  PLAIN_WORDING,
} from "@lineup/lineup/dialects";
import type { Builtin, Correlated, Failure, Invalid } from "@lineup/lineup/dialects";
import type { Served, Sink, WireRequest } from "@lineup/lineup/dialects";
import {
  type CompiledCommand,
  compileProtocol,
  Refusal,
  type Values,
} from "@lineup/lineup/protocol";

const DONE: Readonly<Record<string, string>> = { QUIT: "221 bye", STATUS: "210 up" };
const STATUS: Readonly<Record<string, number>> = {
  "draining": 421,
  "unknown-command": 500,
  "line-too-long": 500,
  "bad-syntax": 500,
  "bad-arguments": 501,
  "no-match": 552,
};

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
  writeReply(to: WireRequest, _command: CompiledCommand, _reply: unknown, out: Sink): void {
    out.add(`${DONE[to.verb] ?? "250 ok"}\r\n`);
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
  return `${STATUS[code] ?? 420} ${message.replace(/\p{Cc}+/gu, " ")}\r\n`;
}

const QUIT: Builtin = {
  command: { summary: "End the connection." },
  control: true,
  run: async (_args, context) => await context.quit(),
};

/** The dialect. */
export const dict: Dialect = {
  name: "dict",
  about: "A dictionary.",
  builtins: { QUIT },
  wording: PLAIN_WORDING,
  compile: (protocol) => compileProtocol(protocol, { builtins: { QUIT: QUIT.command } }),
  open: (_peer, served) => new DictSession(served),
  refuseConnection: (failure) => new TextEncoder().encode(statusLine(failure)),
};
