// A command's description as data, and the reading of a command line by it.
//
// Reading is ours: @std/cli's parseArgs takes the `-` of `--body-file -` for an argument and the `-1` of `ADD 1 -1` for a
// flag, and ends the flags of a command with arguments of its own at the first argument or never.

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
  /** Words that a shell may offer for its value, which need not be all. Default: those of its type. */
  readonly offers?: readonly string[];
  /** The value of a flag that is not given, as a person types it. */
  readonly default?: string;
  /** As `default`, where the command itself takes it because it must know whether the flag is given. */
  readonly usual?: string;
  /** Whether it may be given several times. Its value is then an array. */
  readonly many?: boolean;
  /** Whether its value is a list: with commas on a command line, an array in a file. Its value is then an array. */
  readonly list?: boolean;
  /** Whether it belongs to one run, such as --check, and to no configuration. */
  readonly perRun?: boolean;
  /** Whether a server takes a new value while it runs. Default: it must be started again. */
  readonly live?: boolean;
  /** Whether its value is never shown. */
  readonly secret?: boolean;
  /** The flag that it takes the place of, where that is given in a lower layer of the configuration. */
  readonly insteadOf?: string;
}

/** Whether a value of a flag is never shown: by its flag, or because it is a URL with a password. */
export function isSecret({ secret }: Flag, text: string | undefined): boolean {
  return secret === true || /:\/+[^/@]*:[^/@]*@|[?&]password=/.test(text ?? "");
}

/** The words that a shell may offer for an argument: these, or names of files, of contexts, of programs. */
export type Completions = readonly string[] | "files" | "contexts" | "programs";

/** A command of `lineup`. */
export interface Subcommand {
  /** A sentence for the help. */
  readonly summary: string;
  /** The positional arguments behind ADDRESS, as the help shows them. */
  readonly args: string;
  /** The least and the greatest number of these arguments. */
  readonly count: readonly [least: number, most: number];
  /** The word for the server's address, if it may stand before the arguments. It is then in `flags.address`. */
  readonly address?: string;
  /** The groups of flags whose names have a dot, in a few words each: the help shows a group in one row. */
  readonly groups?: Readonly<Record<string, string>>;
  /** Its flags by name. */
  readonly flags: Readonly<Record<string, Flag>>;
  /** Whether its flags are a configuration: a file and the environment give them too. */
  readonly isConfigured?: boolean;
  /** Throws `UsageError` for flags that do not go together. */
  readonly check?: (flags: Flags) => void;
  /** The command that these words mean, where its flags depend on them. */
  readonly chosenBy?: (argv: readonly string[], program: LineupProgram) => Promise<Subcommand>;
  /** Whether the words after `--` go to `flags.verbatim` instead of the arguments. */
  readonly verbatim?: boolean;
  /** Whether the arguments are a request, whose words may begin with one dash. Implies `verbatim`. */
  readonly isRequest?: boolean;
  /** The words that a shell may offer for each argument, in their order; the last stands for further ones. */
  readonly completes?: readonly Completions[];
  /** Command lines for the help, without the program's name. */
  readonly examples?: readonly string[];
  /** Paragraphs for the help, below the flags. */
  readonly more?: string;
  /** Its exit codes with their meanings, beside those of each command. */
  readonly exits: readonly (readonly [code: number | string, meaning: string])[];
  /** Runs the command. Resolves with the exit code. */
  run(args: readonly string[], flags: Flags, program: LineupProgram): Promise<number>;
}

/** Where a value of a flag comes from, and as a person names it there: `--port`, `LINEUP_PORT`, `queue.json:3:5`. */
export interface Origin {
  readonly from: "default" | "file" | "environment" | "flag";
  readonly at: string;
}

/** The configuration of a command, as it is now. */
export interface Configuration {
  readonly args: readonly string[];
  readonly flags: Flags;
  /** The text of each value that is given, or is a default. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly origins: ReadonlyMap<string, Origin>;
  /** The path of the file, if there is one. */
  readonly file: string | undefined;
  /** Sentences about what may be a mistake. */
  readonly warnings: readonly string[];
  /** Reads all again. Throws `UsageError` where something is wrong. */
  again(): Promise<Configuration>;
}

/** The program itself, for the commands that tell of it. */
export interface LineupProgram {
  /** The command line, without the program's name. */
  readonly argv: readonly string[];
  readonly version: string;
  readonly description: string;
  /** The configuration of the command that runs, if it has one. */
  readonly configuration?: Configuration;
  /** Loads all commands. */
  commands(): Promise<Readonly<Record<string, Subcommand>>>;
}

/** The checked flags of a command line by name. A switch is a boolean; another flag has the value of its type. */
// deno-lint-ignore no-explicit-any
export type Flags = Readonly<Record<string, any>>;

/** A wrong command line. The message says what is wrong, and what is right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The flags of each command. */
export const COMMON: Readonly<Record<string, Flag>> = {
  help: { summary: "Show this help." },
  version: { summary: "Show the version." },
};
const SHORT: Readonly<Record<string, string>> = { "-h": "help", "-V": "version" };

/** The values of flags from other places than the command line, each as a person types it. */
export interface LowerLayers {
  /** The values of a flag; `undefined` where it is not given there. */
  readonly textsOf: (flag: string) => readonly string[] | undefined;
  /** The sentences about what is wrong there. */
  readonly problems: readonly string[];
}

const NO_LAYERS: LowerLayers = { textsOf: () => undefined, problems: [] };

/** The reason why no token stands on a command line, and what to do. */
export const TOKEN_IN_SIGHT = "every user of a machine sees the words of its processes. " +
  "Use --token-file FILE, or the variable LINEUP_TOKEN.";

/** The answer to a flag that there must not be. */
const NO_TOKEN = `There is no flag --token: ${TOKEN_IN_SIGHT}`;

/** The words of a command line: the values of each flag, the arguments, and the words after `--`. */
export interface SplitLine {
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly args: readonly string[];
  readonly verbatim: readonly string[];
}

/** Reads the arguments of a subcommand. Throws one `UsageError` with all that is wrong. */
export function readFlags(
  name: string,
  subcommand: Subcommand,
  argv: readonly string[],
  lower: LowerLayers = NO_LAYERS,
): { args: string[]; flags: Flags } {
  const { address, isRequest, count: [least, most] } = subcommand;
  const words = splitLine(argv, subcommand);
  const args = [...words.args];
  const flags: Record<string, unknown> = {
    help: words.given.has("help"),
    version: words.given.has("version"),
  };
  // A person who asks for help may have the rest wrong.
  if (flags.help || flags.version) return { args, flags };
  const problems = [...lower.problems];
  for (const [flag, spec] of Object.entries(subcommand.flags)) {
    const given = words.given.get(flag) ?? lower.textsOf(flag) ?? [];
    try {
      if (spec.value === undefined) flags[flag] = given.length > 0 && given.at(-1) !== "false";
      else if (spec.many) flags[flag] = given.map((text) => readFlag(flag, spec, [text]));
      else flags[flag] = readFlag(flag, spec, given);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  if (isRequest || subcommand.verbatim) flags.verbatim = words.verbatim;
  else args.push(...words.verbatim);
  if (address !== undefined && isAddress(args[0], most)) flags.address = args.shift();
  if (args.length < least) throw new UsageError(`${name} needs ${subcommand.args}.`);
  if (args.length > most) {
    const hint = address !== undefined && flags.address === undefined
      ? '; an ADDRESS holds a ":"'
      : "";
    throw new UsageError(
      `${args[most]} is one argument too many: ${usage(name, subcommand)}${hint}`,
    );
  }
  return { args, flags };
}

/** Whether the first argument is ADDRESS: it holds a colon, or no other argument may stand there. */
function isAddress(word: string | undefined, most: number): boolean {
  return word !== undefined && (word.includes(":") || most === 0);
}

/** Splits a command line. Flags may stand anywhere before `--`. Throws `UsageError`. */
export function splitLine(
  argv: readonly string[],
  { flags, isRequest, address, isConfigured }: Subcommand,
): SplitLine {
  const all = { ...flags, ...COMMON };
  const known = Object.keys(all);
  const short = known.filter((each) => !each.includes("."));
  const given = new Map<string, string[]>();
  const args: string[] = [];
  let isInRequest = false;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at];
    if (word === "--") return { given, args, verbatim: argv.slice(at + 1) };
    if (!word.startsWith("-") || word === "-" || (isInRequest && !word.startsWith("--"))) {
      args.push(word);
      isInRequest ||= isRequest === true && !(address !== undefined && isAddress(word, Infinity));
      continue;
    }
    const [, long, equals, text] = /^--([^=]+)(=?)(.*)$/s.exec(word) ?? [];
    const name = long ?? SHORT[word];
    if (name === undefined || !Object.hasOwn(all, name)) {
      const asWord = isInRequest ? ` To send ${word} as a word, put -- before it.` : "";
      const flag = word.split("=")[0];
      if (flag === "--token" && Object.hasOwn(all, "token-file")) throw new UsageError(NO_TOKEN);
      const guess = nearest(flag.replace(/^-+/, ""), known, "--", short);
      throw new UsageError(`There is no flag ${flag}${guess}${asWord}`);
    }
    const values = given.get(name) ?? [];
    given.set(name, values);
    if (all[name].value === undefined) {
      // A switch of a lower layer can be turned off.
      const isTurned = isConfigured && ["true", "false"].includes(text);
      if (equals && !isTurned) throw new UsageError(`--${name} takes no value.`);
      values.push(text || "true");
    } else if (equals) values.push(text);
    // The value may be - or a negative number.
    else if (at + 1 < argv.length && !argv[at + 1].startsWith("--")) values.push(argv[++at]);
    else values.push("");
  }
  return { given, args, verbatim: [] };
}

function readFlag(name: string, flag: Flag, given: readonly string[]): unknown {
  if (given.length > 1) throw new UsageError(`--${name} is given ${given.length} times.`);
  const text = given[0] ?? flag.default;
  if (text === undefined) return undefined;
  if (text === "") throw new UsageError(`--${name} needs a value: --${name} ${flag.value}.`);
  try {
    return parseText(flag, text);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    const message = flag.secret ? error.message.replace(/, not .*$/s, "") : error.message;
    throw new UsageError(`--${name} must be ${message}.`);
  }
}

/** The value of a flag's text. Throws `BadValue`. */
export function parseText(flag: Flag, text: string): unknown {
  if (flag.list) return text.split(",");
  return parseValue(text, flag.type ?? { type: "text" });
}

/** The end of a sentence about an unknown word: the known word that is nearest, or all known words. */
export function nearest(
  word: string,
  known: readonly string[],
  prefix = "",
  listed: readonly string[] = known,
): string {
  const closest = nearWord(word, known);
  return closest === undefined
    ? `; choose one of ${listed.map((each) => prefix + each).join(", ")}.`
    : `; did you mean ${prefix}${closest}?`;
}

/** The known word that is near; `undefined` where each one is far. */
export function nearWord(word: string, known: readonly string[]): string | undefined {
  const closest = closestString(word, known);
  const distance = levenshteinDistance(word, closest);
  // Two words of two letters are never more than two changes apart.
  const isFar = distance >= word.length || distance > Math.max(2, closest.length / 2);
  return isFar ? undefined : closest;
}

/** A command's usage: `lineup call [flags] ADDRESS VERB`. */
export function usage(name: string, { args, address }: Subcommand): string {
  const words = ["lineup", name, "[flags]", address === undefined ? "" : `[${address}]`, args];
  return words.filter((word) => word !== "").join(" ");
}
