// A command's description as data, and the reading of a command line by it.

import { parseArgs } from "@std/cli/parse-args";
import { closestString } from "@std/text/closest-string";
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { BadValue, parseValue } from "../protocol/values.ts";
import type { FieldSpec } from "../protocol/spec.ts";

/** A flag. Without a `value` it is a switch. */
export interface Flag {
  /** A sentence for the help. */
  readonly summary: string;
  /** The word for its value in the help. */
  readonly value?: string;
  /** The type of its value. Default: any text. */
  readonly type?: FieldSpec;
  /** The value of a flag that is not given, as a person types it. */
  readonly default?: string;
  /** Whether it may be given several times. Its value is then an array. */
  readonly many?: boolean;
}

/** A command of `lineup`. */
export interface Subcommand {
  /** A sentence for the help. */
  readonly summary: string;
  /** The positional arguments, as the help shows them. */
  readonly args: string;
  /** The least and the greatest number of positional arguments. */
  readonly count: readonly [least: number, most: number];
  /** Its flags by name. */
  readonly flags: Readonly<Record<string, Flag>>;
  /** Whether the words after `--` go to `flags.verbatim` instead of the arguments. */
  readonly verbatim?: boolean;
  /** Whether each word after the first argument is an argument, dashes or not. Implies `verbatim`. */
  readonly stopEarly?: boolean;
  /** Command lines for the help, without the program's name. */
  readonly examples?: readonly string[];
  /** Paragraphs for the help, below the flags. */
  readonly more?: string;
  /** Runs the command. Resolves with the exit code. */
  run(args: readonly string[], flags: Flags): Promise<number>;
}

/** The checked flags of a command line by name. A switch is a boolean; another flag has the value of its type. */
// deno-lint-ignore no-explicit-any
export type Flags = Readonly<Record<string, any>>;

/** A wrong command line. The message says what is wrong, and what is right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The flags of each command. */
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
    // Collecting shows that a flag is given twice.
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
  // A person who asks for help may have the rest wrong.
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

/** The first argument of a command with `stopEarly`, by its name in the help. */
function firstOf({ stopEarly, args }: Subcommand): string | undefined {
  return stopEarly ? args.split(" ")[0] : undefined;
}

/**
 * Joins each flag and its value to one word: parseArgs takes the `-` of `--body-file -` for an argument, and the `-1` of
 * `--rate -1` for a flag. Throws `UsageError` for a switch with a value, and for a flag after `first`.
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
  let isAfterFirst = false;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at];
    if (word === "--") return [...joined, ...argv.slice(at)];
    const [, name, equals] = /^--([^=]+)(=?)/.exec(word) ?? [];
    const next = argv[at + 1];
    if (name !== undefined && names.includes(name)) {
      if (isAfterFirst) {
        if (name === "help") return ["--help"];
        throw new UsageError(
          `--${name} comes too late: put flags before ${first}. To send --${name} as a word, put -- before it.`,
        );
      }
      if (!valued.includes(name)) {
        if (equals) throw new UsageError(`--${name} takes no value.`);
      } else if (!equals && next !== undefined && !next.startsWith("--")) {
        joined.push(`${word}=${next}`);
        at++;
        continue;
      }
    } else if (first !== undefined && !word.startsWith("-")) isAfterFirst = true;
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

/** The end of a sentence about an unknown word: the known word that is nearest, or all known words. */
export function nearest(word: string, known: readonly string[], prefix = ""): string {
  const closest = closestString(word, known);
  const distance = levenshteinDistance(word, closest);
  // Two words of two letters are never more than two changes apart.
  const far = distance >= word.length || distance > Math.max(2, closest.length / 2);
  return far
    ? `; choose one of ${known.map((each) => prefix + each).join(", ")}.`
    : `; did you mean ${prefix}${closest}?`;
}

/** A command's usage: `lineup call [flags] ADDRESS VERB`. */
export function usage(name: string, { args }: Subcommand): string {
  return ["lineup", name, "[flags]", args].join(" ").trimEnd();
}
