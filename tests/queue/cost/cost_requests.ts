// Generates requests that try to cost much: every command of a protocol, every option, and values at the bounds.

import type { Command, FieldSpec } from "@lineup/lineup/protocol";
import type { SpecDocument } from "../../../protocol/document.ts";

/** The contents of the queue. */
export interface Known {
  readonly jobs: number;
  readonly queues: number;
  readonly keys: number;
  readonly schedules: number;
}

const LONGEST_LINE = 8192;
/** Words with a meaning in some command. */
const SPECIAL = ["off", "connection", "keep", "mail", "0", "1", "-1", "1e3", "9007199254740991"];
const ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Etc/GMT+12"];
const CRON = [
  "*",
  "*/2",
  "0",
  "59",
  "8-27",
  "31",
  "L",
  "W",
  "15W",
  "#",
  "MON#1",
  "TUE#5",
  "5L",
  "?",
];
const CHARACTERS = [
  "a",
  "é",
  "Ж",
  "\u{1F600}",
  "\\u{1F600}",
  "\\x41",
  "\\n",
  '\\"',
  "\\\\",
  "\\x00",
];
const encoder = new TextEncoder();

/** The requests for one server, the same for the same random numbers. */
export class CostRequests {
  readonly #random: () => number;
  readonly #spec: SpecDocument;
  readonly #known: Known;
  readonly #commands: [verb: string, command: Command][];

  constructor(random: () => number, spec: SpecDocument, known: Known) {
    this.#random = random;
    this.#spec = spec;
    this.#known = known;
    const { protocol, standing } = spec;
    const all = Object.entries({ ...protocol.commands, ...standing });
    this.#commands = all.filter(([verb]) => verb !== "QUIT" && verb !== "HELLO");
  }

  /** One request with this tag, followed by its body. */
  next(tag: string): Uint8Array {
    if (this.#chance(0.06)) return this.#nonsense(tag);
    return this.#request(tag, this.#pick(this.#commands));
  }

  /**
   * For every text that a command takes: a line without a tag for each number from `from` up to `to`, each with a text
   * of its own. Time zones and cron expressions, which the server parses, get sixteen times as many lines.
   */
  *texts(from: number, to: number): Generator<string, void, void> {
    for (const [verb, command] of this.#commands) {
      const { args, options } = command;
      for (const [name, field] of Object.entries({ ...args, ...options, ...this.#spec.options })) {
        const spec = specOf(field);
        if (spec.type !== "word" && spec.type !== "text") continue;
        const costly = name === "tz" || name === "cron" ? 16 : 1;
        for (let n = from * costly; n < to * costly; n++) {
          const own = name === "tz" ? this.#spelling(n) : `"${this.#own(n, spec.max ?? 200)}"`;
          const given = name === "tz" ? { cron: '"* * * * *"', tz: own } : { [name]: own };
          yield this.#line(verb, command, given, false);
        }
      }
    }
  }

  /** The text of a number; different numbers have different texts. */
  #own(n: number, max: number): string {
    return `${n}${this.#pick(["x", "Ж", "y z", "="])}`.padEnd(
      Math.min(max, this.#pick([8, 64, 128])),
      "x",
    );
  }

  /** The name of a time zone in a spelling of its own. */
  #spelling(n: number): string {
    return [...this.#pick(ZONES)].map((letter, at) =>
      n >> at & 1 ? letter.toUpperCase() : letter.toLowerCase()
    ).join("");
  }

  #request(tag: string, [verb, command]: [string, Command]): Uint8Array {
    const given: Record<string, string> = {};
    for (const [name, field] of Object.entries({ ...command.options, ...this.#spec.options })) {
      if (this.#chance(0.3)) given[name] = this.#value(name, specOf(field));
    }
    const body = command.args &&
      Object.entries(command.args).find(([, each]) => specOf(each).type === "bytes");
    const line = `#${tag} ${this.#line(verb, command, given, this.#chance(0.5))}`;
    if (body === undefined || this.#chance(0.3)) return encoder.encode(line);
    const size = this.#pick([0, 1, 100, 100, 5000, 70_000, this.#chance(0.1) ? 1_048_576 : 10]);
    const bytes = new Uint8Array(size).fill(this.#chance(0.5) ? 0xff : 0x0a);
    const head = encoder.encode(`${line.trimEnd()} {${size}}\n`);
    return concat(head, bytes, encoder.encode("\n"));
  }

  /** A line without its tag. One that `fills` repeats its repeatable parts, a few times or up to the longest line. */
  #line(
    verb: string,
    command: Command,
    given: Record<string, string>,
    fills: boolean,
  ): string {
    const args = Object.entries(command.args ?? {}).map(([name, field]) =>
      [name, specOf(field)] as const
    );
    let line = verb;
    let options = "";
    for (const [name, value] of Object.entries(given)) {
      if (!(command.args && name in command.args)) options += ` ${name}=${value}`;
    }
    for (const [name, spec] of args) {
      if (
        spec.type === "bytes" || (spec.optional && this.#chance(0.5) && given[name] === undefined)
      ) continue;
      line += ` ${given[name] ?? this.#value(name, spec)}`;
      if (!spec.many || !fills) continue;
      // As many parts as the line holds, or a few.
      const room = this.#chance(0.5) ? LONGEST_LINE : line.length + 50;
      while (line.length + options.length < room - 150) line += ` ${this.#value(name, spec)}`;
    }
    return `${(line + options).slice(0, LONGEST_LINE - 40)}\n`;
  }

  #value(name: string, spec: FieldSpec): string {
    if (name === "cron") return `"${this.#cron()}"`;
    if (name === "tz") {
      return this.#chance(0.5) ? this.#pick(ZONES) : this.#spelling(this.#below(1 << 20));
    }
    switch (spec.type) {
      case "word":
        return this.#word(name, spec.max ?? 200);
      case "text":
        return `"${this.#text(spec.max ?? 1000)}"`;
      case "integer":
        return String(this.#number(name, spec));
      case "number":
        return String(this.#pick([spec.min ?? 0, spec.max ?? 1e308, 5e-324, 0.1, 1, 1e-6, 1000]));
      case "duration":
        return `${this.#pick([spec.min ?? 0, spec.max ?? 2 ** 53, 0, 1, 20, 1000, 86_400_000])}ms`;
      case "size":
        return String(this.#pick([spec.min ?? 0, spec.max ?? 2 ** 53, 0, 1]));
      case "boolean":
        return this.#pick(["yes", "no"]);
      case "enum":
        return this.#pick(spec.values!);
      case "json":
        return `"${"[".repeat(this.#below(4000))}"`;
      case "bytes":
        return "eA==";
    }
  }

  #word(name: string, max: number): string {
    const chance = this.#random();
    if (chance < 0.1) return this.#pick(SPECIAL);
    if (chance < 0.25) return `"${this.#text(max).replaceAll(" ", "")}x"`;
    if (name === "key") return `k${this.#below(this.#known.keys)}`;
    if (name === "name") return `s${this.#below(this.#known.schedules)}`;
    if (name === "id") return `n${this.#below(this.#known.jobs)}`;
    if (name === "target" && chance < 0.5) return String(1 + this.#below(this.#known.jobs));
    // The first queue has most of the jobs.
    return chance < 0.6 ? "q0" : `q${this.#below(this.#known.queues)}`;
  }

  #text(max: number): string {
    const character = this.#pick(CHARACTERS);
    const length = this.#pick([0, 1, 5, max >> 1, max, max + 1]);
    return character.repeat(Math.min(length, Math.floor(7000 / character.length)));
  }

  #number(name: string, { min = 0, max }: { min?: number; max?: number }): number {
    if (name === "id" || name === "after") return 1 + this.#below(this.#known.jobs);
    return this.#pick([min, max ?? Number.MAX_SAFE_INTEGER, 0, 1, 2, 10, 100]);
  }

  #cron(): string {
    return Array.from({ length: this.#pick([5, 5, 6, 7]) }, () => {
      const list = Array.from(
        { length: this.#pick([1, 1, 1, 3, 12]) },
        () => this.#chance(0.5) ? this.#pick(CRON) : String(this.#below(60)),
      );
      return (this.#chance(0.1) ? "+" : "") + list.join(",");
    }).join(" ").slice(0, 128);
  }

  /** A line that is not in the grammar, or hard to read. */
  #nonsense(tag: string): Uint8Array {
    const piece = this.#pick([
      '"',
      '\\"',
      '"" ',
      "\\",
      "=",
      "a=1 ",
      "a",
      "#",
      "{",
      "} ",
      " ",
      "\t",
      "\\x4",
      "\\u{",
      "é",
      "a= ",
      "\u{1F600}",
      '"\\n" ',
      "1 ",
      "HTTP/1.1 ",
    ]);
    const start = this.#pick([`#${tag} PUT q0 `, `#${tag} PUT q0 "`, `#${tag} DONE `, "", "#"]);
    const text = encoder.encode(`${start}${piece.repeat(8000 / piece.length)}`.slice(0, 8000));
    if (this.#chance(0.7)) return concat(text.subarray(0, LONGEST_LINE), Uint8Array.of(0x0a));
    // Telnet commands take no room in a line.
    const iac = Uint8Array.from(
      { length: 8000 },
      (_, at) => [0xff, 0xfb, at & 0xff, 0xff, 0xf1][at % 5],
    );
    return concat(iac.subarray(0, 7995), Uint8Array.of(0x0a));
  }

  #chance(of: number): boolean {
    return this.#random() < of;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)];
  }
}

function specOf(field: string | FieldSpec): FieldSpec {
  return typeof field === "string" ? { type: field } as FieldSpec : field;
}

function concat(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
