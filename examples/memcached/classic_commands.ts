// The commands of the classic protocol.

import type { Sink } from "@lineup/lineup/dialects";
import type { Values } from "@lineup/lineup";
import { addBytes, type TextCommand } from "./text_request.ts";
import { BAD_FORMAT, casOf, exptimeOf, integer, isKey, unsigned } from "./words.ts";

const BAD_EXPTIME = "invalid exptime argument";
const CRLF = "\r\n";

/** get and gets; gat and gats, which have an exptime before the keys. */
function get({ withCas, touches }: { withCas: boolean; touches: boolean }): TextCommand {
  const first = touches ? 2 : 1;

  function valueOf(key: unknown, { flags, cas, value }: Values): string {
    const { length } = value as string;
    return `VALUE ${key} ${flags} ${length}${withCas ? ` ${cas}` : ""}${CRLF}${value}${CRLF}`;
  }

  return {
    verb: "GET",
    words: [1, Infinity],
    keyAt: first,
    read(request, words) {
      const touch = touches ? exptimeOf(words[1]) : undefined;
      if (touches && touch === undefined) return BAD_EXPTIME;
      if (words.length === first + 1) request.args = { key: request.key, touch };
      else {
        request.verb = "MULTIGET";
        request.args = { keys: words.slice(first), touch };
      }
      for (let at = first; at < words.length; at++) if (!isKey(words[at])) return BAD_FORMAT;
    },
    write(item, out, { key, verb }) {
      if (verb === "MULTIGET" || item.value === undefined) out.add("END\r\n");
      else addBytes(out, `${valueOf(key, item)}END\r\n`);
    },
    writeItem: (item, out) => addBytes(out, valueOf(item.key, item)),
  };
}

/** The commands that have a data block. */
function store(mode: string, hasCas: boolean = false): TextCommand {
  const count = hasCas ? 5 : 4;
  return {
    verb: "STORE",
    words: [count, count + 1],
    data: 4,
    noreply: true,
    read(request, words) {
      const { key } = request;
      const flags = integer(words[2], 0, 2 ** 32 - 1);
      const exptime = exptimeOf(words[3]);
      const cas = hasCas ? casOf(words[5]) : undefined;
      if (!isKey(key) || flags === undefined || exptime === undefined) return BAD_FORMAT;
      if (hasCas && cas === undefined) return BAD_FORMAT;
      request.args = { key, value: undefined, mode, flags, exptime, cas };
    },
    write: writeOutcome,
  };
}

function change(down: boolean): TextCommand {
  return {
    verb: "CHANGE",
    words: [2, 3],
    noreply: true,
    read(request, [, key, delta]) {
      if (!isKey(key)) return BAD_FORMAT;
      const by = unsigned(delta);
      if (by === undefined) return "invalid numeric delta argument";
      request.args = { key, by, down };
    },
    write: ({ outcome, value }, out) => out.add(`${value ?? outcome}${CRLF}`),
  };
}

function writeOutcome({ outcome }: Values, out: Sink): void {
  out.add(`${outcome}${CRLF}`);
}

const nothing = (): undefined => undefined;
const writeOk = (_: Values, out: Sink): void => out.add("OK\r\n");

/** The commands of the classic protocol, by name. */
export const classicCommands: Readonly<Record<string, TextCommand>> = {
  get: get({ withCas: false, touches: false }),
  gets: get({ withCas: true, touches: false }),
  gat: get({ withCas: false, touches: true }),
  gats: get({ withCas: true, touches: true }),
  set: store("set"),
  add: store("add"),
  replace: store("replace"),
  append: store("append"),
  prepend: store("prepend"),
  cas: store("set", true),
  incr: change(false),
  decr: change(true),
  delete: {
    verb: "DELETE",
    words: [1, 3],
    noreply: true,
    read(request, [, key, ...rest]) {
      const { noreply } = request;
      // Old clients send a time, which must be 0.
      const isTime = rest[0] === "0";
      const isRight = rest.length === 0 || (rest.length === 1 && (isTime || noreply)) ||
        (isTime && noreply);
      if (!isRight) return `${BAD_FORMAT}.  Usage: delete <key> [noreply]`;
      if (!isKey(key)) return BAD_FORMAT;
      request.args = { key };
    },
    write: writeOutcome,
  },
  touch: {
    verb: "TOUCH",
    words: [2, 3],
    noreply: true,
    read(request, [, key, word]) {
      if (!isKey(key)) return BAD_FORMAT;
      const exptime = exptimeOf(word);
      if (exptime === undefined) return BAD_EXPTIME;
      request.args = { key, exptime };
    },
    write: ({ found }, out) => out.add(found ? "TOUCHED\r\n" : "NOT_FOUND\r\n"),
  },
  flush_all: {
    verb: "FLUSH-ALL",
    words: [0, 2],
    noreply: true,
    read(request, words) {
      const isPlain = words.length === (request.noreply ? 2 : 1);
      const exptime = isPlain ? 0 : exptimeOf(words[1]);
      if (exptime === undefined) return BAD_EXPTIME;
      request.args = { exptime };
    },
    write: writeOk,
  },
  verbosity: {
    verb: "VERBOSITY",
    words: [1, 2],
    noreply: true,
    read(request, [, word]) {
      const level = integer(word, 0, 2 ** 32 - 1);
      if (level === undefined) return BAD_FORMAT;
      request.args = { level };
    },
    write: writeOk,
  },
  version: {
    verb: "VERSION",
    words: [0, Infinity],
    read: nothing,
    write: ({ version }, out) => out.add(`VERSION ${version}${CRLF}`),
  },
  stats: {
    verb: "STATS",
    words: [0, Infinity],
    read(request, [, of = "stats"]) {
      if (of === "reset") request.verb = "RESET-STATS";
      else request.args = { of };
    },
    write: (_, out, { verb }) => out.add(verb === "STATS" ? "END\r\n" : "RESET\r\n"),
    writeItem: ({ name, value }, out) => out.add(`STAT ${name} ${value}${CRLF}`),
  },
  quit: { verb: "QUIT", words: [0, Infinity], read: nothing, write: nothing },
};
