// The meta commands: two letters, a key, and flags of one letter with a token behind some of them.

import type { Values } from "@lineup/lineup";
import type { Sink } from "@lineup/lineup/dialects";
import { addBytes, type TextCommand, type TextRequest } from "./text_request.ts";
import { BAD_FORMAT, casOf, exptimeOf, integer, isKey, keyFromBase64, unsigned } from "./words.ts";

const MOST_FLAGS = 17;
const MOST_OPAQUE = 31;
const BAD_TOKEN = "bad token in command line format";

/** The token of a flag: what reads it, and the message for a wrong one. */
type Token = readonly [read: (token: string) => unknown, message: string];

/** The flags, and the tokens of those that change something. The same for all meta commands, as in the original. */
const FLAGS: ReadonlyMap<string, Token | undefined> = new Map<string, Token | undefined>([
  ..."bcfhklqstuvIOPL".split("").map((flag) => [flag, undefined] as const),
  ["N", [exptimeOf, BAD_TOKEN]],
  ["T", [exptimeOf, BAD_TOKEN]],
  ["R", [exptimeOf, BAD_TOKEN]],
  ["C", [casOf, BAD_TOKEN]],
  ["F", [(token) => integer(token, 0, 2 ** 32 - 1), BAD_FORMAT]],
  ["M", [(token) => token.length === 1 ? token : undefined, "incorrect length for M token"]],
  ["J", [unsigned, "invalid numeric initial value"]],
  ["D", [unsigned, "invalid numeric delta value"]],
]);

const STORE_MODES: Readonly<Record<string, string>> = {
  E: "add",
  A: "append",
  P: "prepend",
  R: "replace",
  S: "set",
};
const CHANGE_MODES: Readonly<Record<string, boolean>> = {
  "I": false,
  "+": false,
  "D": true,
  "-": true,
};

/** The codes of outcomes. */
const CODES: Readonly<Record<string, string>> = {
  STORED: "HD",
  DELETED: "HD",
  CHANGED: "HD",
  NOT_STORED: "NS",
  EXISTS: "EX",
  NOT_FOUND: "NF",
};

/** The key and the tokens of a request. */
interface MetaWords {
  readonly key: string;
  /** The value of each token by its flag. */
  readonly tokens: Readonly<Record<string, unknown>>;
}

/** Reads the key, and the flags from the word `from` on. Returns the message for a bad line. */
function readFlags(
  request: TextRequest,
  words: readonly string[],
  from: number,
): MetaWords | string {
  if (!isKey(words[1])) return BAD_FORMAT;
  if (words.length - 2 > MOST_FLAGS) return "options flags are too long";
  const flags = new Map<string, string>();
  request.flags = flags;
  const tokens: Record<string, unknown> = {};
  let key: string | undefined = words[1];
  let bad: string | undefined;
  for (const word of words.slice(from)) {
    const flag = word[0];
    if (flags.has(flag)) return "duplicate flag";
    if (!FLAGS.has(flag)) return flag < "\x7f" ? "invalid flag" : "duplicate flag";
    flags.set(flag, word.slice(1));
    if (flag === "b") {
      key = keyFromBase64(words[1]);
      if (key === undefined) bad = "error decoding key";
    }
    const [read, message] = FLAGS.get(flag) ?? [];
    if (read === undefined) continue;
    tokens[flag] = read(word.slice(1));
    if (tokens[flag] === undefined) bad = message;
  }
  return bad ?? { key: key!, tokens };
}

function badOpaque({ flags }: TextRequest): string | undefined {
  const opaque = flags?.get("O") ?? "";
  return opaque.length > MOST_OPAQUE ? "opaque token too long" : undefined;
}

/** The flags of an answer, in the order of the request. `facts` has the values of those that tell something. */
function answerFlags(
  { flags, key }: TextRequest,
  facts: Readonly<Record<string, unknown>>,
): string {
  let text = "";
  for (const [flag, token] of flags!) {
    if (flag === "O") text += ` O${token}`;
    else if (flag === "k") text += ` k${key}${flags!.has("b") ? " b" : ""}`;
    else if (facts[flag] !== undefined) text += ` ${flag}${facts[flag]}`;
  }
  return text;
}

/** Writes a code and flags. `q` hides the code of the usual outcome. */
function writeCode(code: string, facts: Values, out: Sink, request: TextRequest): void {
  if (code === "HD" && request.flags!.has("q")) return;
  addBytes(out, `${code}${answerFlags(request, facts)}\r\n`);
}

/** The meta commands, by name. */
export const metaCommands: Readonly<Record<string, TextCommand>> = {
  mg: {
    verb: "LOOKUP",
    words: [1, Infinity],
    read(request, words) {
      const read = readFlags(request, words, 2);
      if (typeof read === "string") return read;
      const { key, tokens: { T: touch, N: create, R: recache } } = read;
      request.args = { key, touch, create, recache, peek: request.flags!.has("u") };
      return badOpaque(request);
    },
    write(reply, out, request) {
      const { flags } = request;
      const { stale, sent, won } = reply;
      const value = reply.value as string | undefined;
      if (value === undefined) {
        if (!flags!.has("q")) addBytes(out, `EN${answerFlags(request, {})}\r\n`);
        return;
      }
      const facts = {
        s: value.length,
        t: reply.ttl,
        c: reply.cas,
        f: reply.flags,
        l: reply.idle,
        h: reply.fetched ? 1 : 0,
      };
      const states = `${sent ? " Z" : ""}${stale ? " X" : ""}${won ? " W" : ""}`;
      const rest = `${answerFlags(request, facts)}${states}\r\n`;
      addBytes(out, flags!.has("v") ? `VA ${value.length}${rest}${value}\r\n` : `HD${rest}`);
    },
  },

  ms: {
    verb: "STORE",
    words: [1, Infinity],
    data: 2,
    read(request, words) {
      if (words.length < 3) return BAD_FORMAT;
      const read = readFlags(request, words, 3);
      if (typeof read === "string") return read;
      const { key, tokens: { F: flags = 0, T: exptime = 0, C: cas, M = "S" } } = read;
      const mode = STORE_MODES[M as string];
      if (mode === undefined) return "invalid mode for ms M token";
      const invalidate = request.flags!.has("I");
      request.args = { key, value: undefined, mode, flags, exptime, cas, invalidate };
      return badOpaque(request);
    },
    write({ outcome, cas }, out, request) {
      writeCode(CODES[outcome as string], { c: cas }, out, request);
    },
  },

  md: {
    verb: "DELETE",
    words: [1, Infinity],
    read(request, words) {
      const read = readFlags(request, words, 2);
      if (typeof read === "string") return withoutDetail(read);
      const { key, tokens: { C: cas, T: exptime } } = read;
      request.args = { key, cas, exptime, stale: request.flags!.has("I") };
      return badOpaque(request);
    },
    write: ({ outcome }, out, request) => writeCode(CODES[outcome as string], {}, out, request),
  },

  ma: {
    verb: "CHANGE",
    words: [1, Infinity],
    read(request, words) {
      const read = readFlags(request, words, 2);
      if (typeof read === "string") return withoutDetail(read);
      const { key, tokens: { D: by = "1", C: cas, T: touch, N: create, J: initial, M = "I" } } =
        read;
      const down = CHANGE_MODES[M as string];
      if (down === undefined) return "invalid mode for ma M token";
      request.args = { key, by, down, cas, touch, create, initial };
      return badOpaque(request);
    },
    write({ outcome, cas, ttl, value }, out, request) {
      const facts = { c: cas, t: ttl };
      if (outcome !== "CHANGED" || !request.flags!.has("v")) {
        return writeCode(CODES[outcome as string], facts, out, request);
      }
      if (request.flags!.has("q")) return;
      const text = String(value);
      addBytes(out, `VA ${text.length}${answerFlags(request, facts)}\r\n${text}\r\n`);
    },
  },

  mn: {
    verb: "NOOP",
    words: [0, Infinity],
    read: () => undefined,
    write: (_, out) => out.add("MN\r\n"),
  },
};

/** md and ma do not say which flag is wrong, as in the original. */
function withoutDetail(message: string): string {
  if (message === BAD_FORMAT) return message;
  return message === "options flags are too long"
    ? "options flags too long"
    : "invalid or duplicate flag";
}
