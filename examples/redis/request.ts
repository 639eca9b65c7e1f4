// A request, and its name on the wire.

import type { Invalid, WireRequest } from "@lineup/lineup/dialects";
import { type CommandPlan, wrongArity } from "./command_plan.ts";
import type { TableEntry } from "./command_table.ts";

/** The memory of a word beside its characters. */
const WORD_BYTES = 40;
const NO_WORDS: readonly string[] = [];
/** The most that a message repeats of a request, in characters. */
const MOST_REPEATED = 128;
/** The first words of HTTP: a page in a browser could send commands in the body of a request. */
const HTTP = ["POST", "HOST:"];

/** A request. */
export class RedisRequest implements WireRequest {
  readonly kind = "request";
  readonly plain = true;

  constructor(
    readonly verb: string,
    /** Its command; `undefined` where there is none. */
    readonly plan: CommandPlan | undefined,
    /** Its words, the name of the command included. */
    public words: readonly string[],
  ) {}

  get bytes(): number {
    let bytes = 0;
    for (const { length } of this.words) bytes += WORD_BYTES + length;
    return bytes;
  }

  forget(): void {
    this.words = NO_WORDS;
  }
}

/** The request in some words. */
export function requestOf(
  words: readonly string[],
  table: ReadonlyMap<string, TableEntry>,
): RedisRequest | Invalid {
  const [name] = words;
  const entry = table.get(name) ?? table.get(name.toUpperCase());
  if (entry === undefined) {
    if (HTTP.includes(name.toUpperCase())) {
      return invalid("wrong-protocol", "This is a server of Redis' protocol, not of HTTP.", true);
    }
    // No command has a verb in lower case.
    return new RedisRequest(name.toLowerCase(), undefined, words);
  }
  let { plan } = entry;
  if (entry.subcommands.size > 0 && words.length > 1) {
    plan = entry.subcommands.get(words[1].toUpperCase());
    if (plan === undefined) {
      const sub = repeated(words[1]);
      const message = `unknown subcommand '${sub}'. Try ${entry.name} HELP.`;
      return invalid("bad-arguments", message, false);
    }
  }
  if (plan !== undefined) return new RedisRequest(plan.command.verb, plan, words);
  return invalid("bad-arguments", wrongArity(entry.name.toLowerCase()).message, false);
}

/** The message for a command that does not exist. */
export function unknownCommand({ words }: RedisRequest): string {
  const [name, ...rest] = words;
  let args = "";
  for (const word of rest) {
    if (args.length >= MOST_REPEATED) break;
    args += `'${repeated(word, MOST_REPEATED - args.length)}' `;
  }
  return `unknown command '${repeated(name)}', with args beginning with: ${args}`;
}

/** The beginning of a word: Redis repeats nothing behind a NUL. */
function repeated(word: string, most: number = MOST_REPEATED): string {
  return word.split("\0", 1)[0].slice(0, most);
}

/** Input that is no request. */
export function invalid(code: string, message: string, fatal: boolean): Invalid {
  return { kind: "invalid", failure: { code, message }, fatal };
}
