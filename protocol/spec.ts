// A protocol as data: what one may write down. What follows from it in types is in infer.ts.

import type { ErrorSpec } from "./errors.ts";
import type { StandardSchema } from "./standard_schema.ts";

/** The types of values; `values.ts` says how each is written. */
export type TypeName =
  | "text"
  | "word"
  | "integer"
  | "number"
  | "boolean"
  | "duration"
  | "size"
  | "bytes"
  | "json"
  | "enum";

/** One argument, option, or field of a reply, in full. */
export interface FieldSpec {
  /** How the value is written and which JavaScript value it is. */
  readonly type: TypeName;
  /** What it is for, in a sentence. */
  readonly summary?: string;
  /** May be left out. Options always may, unless `required`. */
  readonly optional?: boolean;
  /** For options only: must be given. */
  readonly required?: boolean;
  /** One or more values, as an array; the last argument only. */
  readonly many?: boolean;
  /** For fields of replies: a positional word instead of `name=value`. */
  readonly positional?: boolean;
  /** The value where none is given, as it is written on the line. */
  readonly default?: string;
  /** Smallest value (numbers; durations in ms; sizes in bytes) or shortest length (text in characters, bytes). */
  readonly min?: number;
  /** Largest value or longest length. */
  readonly max?: number;
  /** The allowed words of an `enum`. */
  readonly values?: readonly string[];
  /** Checks a parsed value further; its output is what the handler gets. */
  // deno-lint-ignore no-explicit-any
  readonly schema?: StandardSchema<any, any>;
}

/** A field in short: a type, `?` behind it for optional, `...` for one or more. */
export type Field = TypeName | `${TypeName}?` | `${TypeName}...` | FieldSpec;

/** Fields by name, in the order in which they are written. One named `body` travels as the counted body. */
export type Fields = Readonly<Record<string, Field>>;

/** A request and its answer; lines are separated by `\n`. An answer's `…` stands for any text. */
export interface Example {
  /** What the client sends. */
  readonly request: string;
  /** What the server answers. */
  readonly reply: string;
  /** What it shows, where that is not plain. */
  readonly summary?: string;
}

/** The four classes, the most urgent first. */
export const classes = ["interactive", "normal", "bulk", "background"] as const;

/** How urgent a request is. */
export type ClassName = typeof classes[number];

/** One command. */
export interface Command {
  /** What it does, in a sentence. */
  readonly summary: string;
  /** More, as paragraphs. */
  readonly description?: string;
  /** Positional arguments in order. The one named `body` (bytes, text or json) is the counted body. */
  readonly args?: Fields;
  /** Options, given as `name=value`. */
  readonly options?: Fields;
  /** What the `OK` line carries. */
  readonly reply?: Fields;
  /** What each `*` line of a streaming reply carries. */
  readonly items?: Fields;
  /** The codes that it may answer beside the standard ones. */
  readonly errors?: Readonly<Record<string, ErrorSpec>>;
  /** Its class where the client names none. Default `normal`. */
  readonly class?: ClassName;
  /** Its share of a seat beside other commands'. Default 1. */
  readonly cost?: number;
  /** Whether doing it twice is doing it once: a client may then send it again. Default false. */
  readonly idempotent?: boolean;
  /** The role an identity needs. */
  readonly role?: string;
  /** What HELP and the reference show, and what is run as tests. */
  readonly examples?: readonly Example[];
}

/** A protocol: everything that both ends agree on. */
export interface Protocol {
  /** Its name, a lower-case word. */
  readonly name: string;
  /** Its version, `major.minor`. */
  readonly version: string;
  /** What it is for, in a sentence. */
  readonly summary: string;
  /** More, as paragraphs. */
  readonly description?: string;
  /** The commands by verb, in upper case. */
  readonly commands: Readonly<Record<string, Command>>;
}

/** The options that every command takes, as they are written and read. */
export const wireOptions = {
  within: { type: "duration", min: 1, max: 2_147_483_647 },
  class: { type: "enum", values: classes },
  trace: { type: "text", max: 512 },
} as const satisfies Fields;

/** The options that every command takes. */
export const commonOptions = {
  within: { ...wireOptions.within, summary: "Deadline from now; covers waiting and running." },
  class: { ...wireOptions.class, summary: "How urgent it is." },
  trace: { ...wireOptions.trace, summary: "W3C traceparent." },
} as const satisfies Fields;
