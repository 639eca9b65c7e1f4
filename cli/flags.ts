// The command line, described as data and checked like any other input.

import { parseArgs } from "@std/cli/parse-args";
import { closestString } from "@std/text/closest-string";
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { BadValue, parseValue } from "../protocol/values.ts";
import type { FieldSpec } from "../protocol/spec.ts";

/** One flag. Without a `value` it is a switch. */
export interface Flag {
  /** What it does, in a sentence. */
  readonly summary: string;
  /** The word that usage shows for its value. */
  readonly value?: string;
  /** What the value must be. Default: any text. */
  readonly type?: FieldSpec;
  /** The value where it is not given, as it would be written. */
  readonly default?: string;
  /** Whether it may be given again; its value is then an array, empty where it is not given. */
  readonly many?: boolean;
}

/** A command of `lineup`. */
export interface Subcommand {
  /** What it does, in a sentence. */
  readonly summary: string;
  /** The positional arguments as usage shows them. */
  readonly args: string;
  /** How many there must be, at least and at most. */
  readonly count: readonly [least: number, most: number];
  /** Its flags by name. */
  readonly flags: Readonly<Record<string, Flag>>;
  /** Whether all that follows the first argument is an argument, dashes or not; what follows `--` is `flags.verbatim`. */
  readonly stopEarly?: boolean;
  /** Lines below the flags in its help. */
  readonly more?: string;
  /** Runs it; resolves with the exit code. */
  run(args: readonly string[], flags: Flags): Promise<number>;
}

/** The checked flags of a command line by name; switches are booleans, the rest as its type says. */
// deno-lint-ignore no-explicit-any
export type Flags = Readonly<Record<string, any>>;

/** A command line that cannot be run; the message says what is wrong and what would be right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const HELP: Flag = { summary: "Show this help." };

/** Reads the arguments of a subcommand. Throws `UsageError`. */
export function readFlags(
  name: string,
  subcommand: Subcommand,
  argv: readonly string[],
): { args: string[]; flags: Flags } {
  const known = { ...subcommand.flags, help: HELP };
  const names = Object.keys(known);
  const switches = names.filter((each) => known[each as keyof typeof known].value === undefined);
  const parsed = parseArgs(joinDashes(argv), {
    boolean: switches,
    string: ["_", ...names.filter((each) => !switches.includes(each))],
    // Every flag is gathered, so that one given twice is seen.
    collect: names.filter((each) => !switches.includes(each)),
    alias: { h: "help" },
    stopEarly: subcommand.stopEarly,
    "--": true,
    unknown(arg, key): boolean {
      if (key === undefined) return true;
      throw new UsageError(`There is no flag ${arg.split("=")[0]}${nearest(key, names, "--")}`);
    },
  });
  const flags: Record<string, unknown> = { help: parsed.help };
  for (const [flag, spec] of Object.entries(subcommand.flags)) {
    if (spec.value === undefined) flags[flag] = parsed[flag];
    else if (spec.many) {
      flags[flag] = parsed[flag].map((text: string) => readFlag(flag, spec, [text]));
    } else flags[flag] = readFlag(flag, spec, parsed[flag]);
  }
  const args = parsed._.map(String);
  const verbatim = parsed["--"] ?? [];
  if (subcommand.stopEarly) flags.verbatim = verbatim;
  else args.push(...verbatim);
  const [least, most] = subcommand.count;
  if (!flags.help && args.length < least) {
    throw new UsageError(`${name} needs ${subcommand.args}.`);
  }
  if (args.length > most) {
    throw new UsageError(`${args[most]} is one argument too many: ${usage(name, subcommand)}`);
  }
  return { args, flags };
}

// parseArgs takes the `-` of `--body-file -` for an argument.
function joinDashes(argv: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of argv) {
    const last = joined.at(-1);
    if (word === "-" && last?.startsWith("--") && last !== "--") joined.push(`${joined.pop()}=-`);
    else joined.push(word);
  }
  return joined;
}

function readFlag(name: string, flag: Flag, given: readonly string[]): unknown {
  if (given.length > 1) throw new UsageError(`--${name} is given ${given.length} times.`);
  const text = given[0] ?? flag.default;
  if (text === undefined) return undefined;
  if (text === "") throw new UsageError(`--${name} needs a value: --${name} ${flag.value}.`);
  try {
    return parseValue(text, flag.type ?? { type: "text" });
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw new UsageError(`--${name} must be ${error.message}.`);
  }
}

/** The end of a sentence about an unknown word: the nearest known one, or all. */
export function nearest(word: string, known: readonly string[], prefix = ""): string {
  const closest = closestString(word, known);
  const far = closest.length > 0 &&
    levenshteinDistance(word, closest) > Math.max(2, closest.length / 2);
  return far
    ? `; there are ${known.map((each) => prefix + each).join(", ")}.`
    : `; did you mean ${prefix}${closest}?`;
}

/** `lineup call [flags] ADDRESS VERB`. */
export function usage(name: string, { args, flags }: Subcommand): string {
  const words = ["lineup", name];
  if (Object.keys(flags).length > 0) words.push("[flags]");
  if (args !== "") words.push(args);
  return words.join(" ");
}

/** The help of one command. */
export function subcommandHelp(name: string, subcommand: Subcommand): string {
  const rows = Object.entries({ ...subcommand.flags, help: HELP }).map(([flag, spec]) => {
    const left = `  --${flag}${spec.value === undefined ? "" : ` ${spec.value}`}`;
    return [left, spec.summary + (spec.default === undefined ? "" : ` Default ${spec.default}.`)];
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return [
    `usage: ${usage(name, subcommand)}`,
    "",
    subcommand.summary,
    "",
    ...rows.map(([left, right]) => left.padEnd(width) + right),
    ...(subcommand.more === undefined ? [] : ["", subcommand.more]),
  ].join("\n");
}
