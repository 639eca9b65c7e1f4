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
  /** Whether what follows `--` is `flags.verbatim` and no argument. */
  readonly verbatim?: boolean;
  /** Whether all that follows the first argument is an argument, dashes or not; `verbatim` as well. */
  readonly stopEarly?: boolean;
  /** Command lines that show it, as they are typed. */
  readonly examples?: readonly string[];
  /** Paragraphs below the flags in its help. */
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

/** What every command takes. */
const COMMON = ["help", "version"];

/** Reads the arguments of a subcommand. Throws `UsageError`. */
export function readFlags(
  name: string,
  subcommand: Subcommand,
  argv: readonly string[],
): { args: string[]; flags: Flags } {
  const names = [...Object.keys(subcommand.flags), ...COMMON];
  const valued = names.filter((each) => subcommand.flags[each]?.value !== undefined);
  const switches = names.filter((each) => !valued.includes(each));
  const words = joinValues(argv, { names, valued, first: firstOf(subcommand) });
  const parsed = parseArgs(words, {
    boolean: switches,
    string: ["_", ...valued],
    // Every flag is gathered, so that one given twice is seen.
    collect: valued,
    alias: { h: "help", V: "version" },
    stopEarly: subcommand.stopEarly,
    "--": true,
    unknown(arg, key): boolean {
      if (key === undefined) return true;
      const flag = arg.split("=")[0];
      throw new UsageError(
        `There is no flag ${flag}${nearest(flag.replace(/^-+/, ""), names, "--")}`,
      );
    },
  });
  const flags: Record<string, unknown> = { help: parsed.help, version: parsed.version };
  const args = parsed._.map(String);
  // Who asks for help need have nothing else right.
  if (flags.help || flags.version) return { args, flags };
  for (const [flag, spec] of Object.entries(subcommand.flags)) {
    if (spec.value === undefined) flags[flag] = parsed[flag];
    else if (spec.many) {
      flags[flag] = parsed[flag].map((text: string) => readFlag(flag, spec, [text]));
    } else flags[flag] = readFlag(flag, spec, parsed[flag]);
  }
  const verbatim = parsed["--"] ?? [];
  if (subcommand.stopEarly || subcommand.verbatim) flags.verbatim = verbatim;
  else args.push(...verbatim);
  const [least, most] = subcommand.count;
  if (args.length < least) {
    throw new UsageError(`${name} needs ${subcommand.args}.`);
  }
  if (args.length > most) {
    throw new UsageError(`${args[most]} is one argument too many: ${usage(name, subcommand)}`);
  }
  return { args, flags };
}

/** What an argument is called behind which no flag is read. */
function firstOf({ stopEarly, args }: Subcommand): string | undefined {
  return stopEarly ? args.split(" ")[0] : undefined;
}

/**
 * A flag and its value as one word: parseArgs takes the `-` of `--body-file -` for an argument, and the `-1` of
 * `--rate -1` for a flag. Throws `UsageError` for a switch with a value, and for a flag behind `first`.
 */
function joinValues(
  argv: readonly string[],
  { names, valued, first }: {
    names: readonly string[];
    valued: readonly string[];
    first: string | undefined;
  },
): string[] {
  const joined: string[] = [];
  let isBehind = false;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at];
    if (word === "--") return [...joined, ...argv.slice(at)];
    const [, name, equals] = /^--([^=]+)(=?)/.exec(word) ?? [];
    const next = argv[at + 1];
    if (name !== undefined && names.includes(name)) {
      if (isBehind) {
        if (name === "help") return ["--help"];
        throw new UsageError(
          `--${name} comes too late: flags stand before ${first}; -- before it makes it a word.`,
        );
      }
      if (!valued.includes(name)) {
        if (equals) throw new UsageError(`--${name} takes no value.`);
      } else if (!equals && next !== undefined && !next.startsWith("--")) {
        joined.push(`${word}=${next}`);
        at++;
        continue;
      }
    } else if (first !== undefined && !word.startsWith("-")) isBehind = true;
    joined.push(word);
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
  const distance = levenshteinDistance(word, closest);
  // Any word of two letters is two changes away from any other.
  const far = distance >= word.length || distance > Math.max(2, closest.length / 2);
  return far
    ? `; there are ${known.map((each) => prefix + each).join(", ")}.`
    : `; did you mean ${prefix}${closest}?`;
}

/** `lineup call [flags] ADDRESS VERB`. */
export function usage(name: string, { args }: Subcommand): string {
  return ["lineup", name, "[flags]", args].join(" ").trimEnd();
}
