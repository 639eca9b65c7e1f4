// The verb of a line.

import { isVerb } from "../../protocol/names.ts";
import { need } from "../../protocol/spec_error.ts";
import type { CompiledProtocol } from "../../protocol/compile.ts";
import type { LineDialectSpec } from "./spec.ts";

type VerbCase = NonNullable<LineDialectSpec["verbs"]>;

/** The verb of a line, and the words that name it in messages: those that the client wrote. */
interface NamedVerb {
  readonly verb: string;
  readonly name: string;
}

const WORD = /[ \t]*([^ \t]+)/y;
/** A longer word is no verb; its beginning goes into messages. */
const LONGEST = 32;

/** Finds the verb of a line. */
export class VerbReader {
  readonly #case: VerbCase;
  readonly #given: readonly (readonly [alias: string, verb: string])[];
  /** By the words that a client writes, in lower case unless the case counts, with one space between them. */
  readonly #aliases: ReadonlyMap<string, NamedVerb>;
  readonly #mostWords: number;
  readonly #verbless: string | undefined;

  /** Throws `SpecError` for aliases that cannot be written. */
  constructor(verbs: VerbCase, aliases: Readonly<Record<string, string>>, verbless?: string) {
    this.#case = verbs;
    this.#verbless = verbless;
    this.#given = Object.entries(aliases);
    const all = this.#given.map(([alias, verb]) => {
      const path = `aliases.${alias}`;
      need(
        /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(alias),
        path,
        "must be ASCII words, a space between each two",
      );
      need(isVerb(verb), path, "must be for a verb of the protocol, in upper case");
      return [this.#fold(alias), { verb, name: alias }] as const;
    });
    this.#aliases = new Map(all);
    need(all.length === this.#aliases.size, "aliases", "two of them are the same to a client");
    this.#mostWords = Math.max(1, ...all.map(([alias]) => alias.split(" ").length));
  }

  /** The verb of a line, empty where it has none, and what follows it. */
  read(line: string): NamedVerb & { readonly rest: string } {
    if (this.#verbless !== undefined) return { ...this.#named(this.#verbless), rest: line };
    const ends: number[] = [];
    const words: string[] = [];
    for (WORD.lastIndex = 0; words.length < this.#mostWords;) {
      const word = WORD.exec(line)?.[1];
      if (word === undefined) break;
      words.push(this.#fold(word));
      ends.push(WORD.lastIndex);
    }
    if (words.length === 0) return { ...this.#named(""), rest: "" };
    for (let count = words.length; count > 0; count--) {
      const aliased = this.#aliases.get(words.slice(0, count).join(" "));
      if (aliased !== undefined) return { ...aliased, rest: line.slice(ends[count - 1]) };
    }
    return { ...this.#named(this.#canonical(words[0])), rest: line.slice(ends[0]) };
  }

  /** Checks that each verb has one meaning. Throws `SpecError`. */
  check({ commands }: CompiledProtocol): void {
    for (const [alias, verb] of this.#given) {
      need(commands.has(verb), `aliases.${alias}`, `the protocol has no command ${verb}`);
      const isVerbToo = commands.has(this.#canonical(this.#fold(alias)));
      need(!isVerbToo, `aliases.${alias}`, "is a command of its own");
    }
    const verb = this.#verbless;
    need(
      verb === undefined || commands.has(verb),
      "verbless",
      `the protocol has no command ${verb}`,
    );
  }

  /** A verb as clients write it. */
  written(verb: string): string {
    return this.#case === "lower-case" ? verb.toLowerCase() : verb;
  }

  /** The further words for a verb. */
  aliasesOf(verb: string): string[] {
    return this.#given.filter(([, each]) => each === verb).map(([alias]) => alias);
  }

  #named(verb: string): NamedVerb {
    return { verb, name: this.written(verb) };
  }

  /** One writing for all that mean the same. Only the letters of ASCII have a second case. */
  #fold(word: string): string {
    return this.#case === "any-case" ? word.replace(/[A-Z]+/g, (part) => part.toLowerCase()) : word;
  }

  /** The verb that a folded word names, or text for a message that is no verb. */
  #canonical(word: string): string {
    if (word.length > LONGEST) return `${word.slice(0, LONGEST)}…`;
    const isWritten = this.#case === "upper-case" ? !/[a-z]/.test(word) : !/[A-Z]/.test(word);
    return isWritten ? word.replace(/[a-z]+/g, (part) => part.toUpperCase()) : `"${word}"`;
  }
}
