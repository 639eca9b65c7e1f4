// Reads the data of a line dialect.

import { isVerb } from "../../protocol/names.ts";
import { isRecord, need, needBoolean, needKnown, needText } from "../../protocol/spec_error.ts";
import type { LineDialectSpec, Multiline } from "./spec.ts";

/** The parts of a spec that are commands with one template each. */
export const OWN_COMMANDS = ["fixed", "quit", "status", "help"] as const;

const MULTILINES: readonly Multiline[] = ["smtp", "dot", "end-word", "close"];

const KEYS = [
  "name",
  "about",
  "greeting",
  "reply",
  "error",
  "errors",
  "multiline",
  "endWord",
  "head",
  "tail",
  "forms",
  "verbs",
  "aliases",
  "verbless",
  "quotes",
  "overlong",
  "once",
  "eol",
  ...OWN_COMMANDS,
];

/** A spec with its defaults. */
export type FullSpec =
  & LineDialectSpec
  & Required<
    Omit<LineDialectSpec, "greeting" | "head" | "tail" | "verbless" | "errors" | "forms">
  >;

/** Checks all but templates and aliases, and fills in the defaults. Throws `SpecError`. */
export function readSpec(spec: LineDialectSpec): FullSpec {
  need(isRecord(spec), "spec", "must be an object");
  needKnown(spec, KEYS, "spec");
  const isName = typeof spec.name === "string" && /^[\x21-\x7e]{1,64}$/.test(spec.name);
  need(isName, "name", "must be a word of ASCII, such as dict/1.0");
  needText(spec.about, "about");
  needBoolean(spec.once, "once");
  needOneOf(spec.multiline, MULTILINES, "multiline");
  const given = Object.fromEntries(
    Object.entries(spec).filter(([, value]) => value !== undefined),
  ) as unknown as LineDialectSpec;
  const full = {
    about: `This is a server of ${spec.name}, a protocol of text lines, over WebSocket.`,
    endWord: "END",
    verbs: "any-case",
    aliases: {},
    quotes: "",
    overlong: "end",
    once: spec.multiline === "close",
    eol: "\r\n",
    fixed: {},
    quit: {},
    status: {},
    help: {},
    ...given,
  } as const;
  needOneOf(full.verbs, ["any-case", "upper-case", "lower-case"], "verbs");
  needOneOf(full.overlong, ["end", "skip"], "overlong");
  needOneOf(full.eol, ["\r\n", "\n"], "eol");
  need(
    spec.endWord === undefined || spec.multiline === "end-word",
    "endWord",
    "is for multiline end-word only",
  );
  need(
    typeof full.endWord === "string" && /^[\x20-\x7e]+$/.test(full.endWord),
    "endWord",
    "must be a line of ASCII",
  );
  need(
    typeof full.quotes === "string" && /^[^\w\s\\\p{Cc}]*$/u.test(full.quotes) &&
      new Set(full.quotes).size === full.quotes.length,
    "quotes",
    "must be characters that quote, each once, such as \"'",
  );
  need(
    full.once || spec.multiline !== "close",
    "once",
    "must be true where the end of the connection ends text of several lines",
  );
  for (const key of ["aliases", ...OWN_COMMANDS] as const) {
    need(isRecord(full[key]), key, "must be an object");
    const isUsed = Object.keys(full[key]).length > 0;
    need(
      spec.verbless === undefined || !isUsed,
      key,
      "has verbs, and verbless says that no line has one",
    );
  }
  for (const key of OWN_COMMANDS) {
    for (const verb of Object.keys(full[key])) {
      need(
        isVerb(verb),
        `${key}.${verb}`,
        'a verb is an upper-case letter and up to 31 of A-Z, 0-9 and "-"; for others see aliases',
      );
    }
  }
  return full;
}

function needOneOf(value: unknown, allowed: readonly string[], path: string): void {
  const isAllowed = typeof value === "string" && allowed.includes(value);
  need(isAllowed, path, `must be one of ${allowed.map((each) => JSON.stringify(each)).join(", ")}`);
}
