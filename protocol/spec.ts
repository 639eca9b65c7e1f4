// A protocol as data. infer.ts has the types that follow from it.

import type { ErrorSpec } from "./errors.ts";
import type { StandardSchema } from "./standard_schema.ts";

/** The types of values. `values.ts` has the written form of each. */
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
  /** The type of the value. */
  readonly type: TypeName;
  /** Its purpose, in a sentence. */
  readonly summary?: string;
  /** May be left out. Options always may, unless `required`. */
  readonly optional?: boolean;
  /** For options only: must be given. */
  readonly required?: boolean;
  /** One or more values, as an array; the last argument only. */
  readonly many?: boolean;
  /** For fields of replies: a positional word instead of `name=value`. */
  readonly positional?: boolean;
  /** The value where none is given, in its written form. */
  readonly default?: string;
  /** Smallest value (numbers; durations in ms; sizes in bytes) or shortest length (text in characters, bytes). */
  readonly min?: number;
  /** Largest value or longest length. */
  readonly max?: number;
  /** The allowed words of an `enum`. */
  readonly values?: readonly string[];
  /** Checks the parsed value. The handler gets its output. */
  // deno-lint-ignore no-explicit-any
  readonly schema?: StandardSchema<any, any>;
}

/** A field: its full form, or a type with `?` behind it for optional, or `...` for one or more. */
export type Field = TypeName | `${TypeName}?` | `${TypeName}...` | FieldSpec;

/** Fields by name, in the order in which they are written. The field `body` is sent as a counted body. */
export type Fields = Readonly<Record<string, Field>>;

/** A request and its answer. Lines are separated by `\n`; `…` in an answer stands for any text. */
export interface Example {
  /** The bytes of the client. */
  readonly request: string;
  /** The answer of the server. */
  readonly reply: string;
  /** A sentence about it. */
  readonly summary?: string;
  /**
   * The request that undoes it, on one line. `$name` stands for the field of that name of the reply that came. Default:
   * there is nothing to undo.
   */
  readonly undo?: string;
}

/** The four classes of urgency, the most urgent first. */
export const classes = ["interactive", "normal", "bulk", "background"] as const;

/** The urgency of a request. */
export type ClassName = typeof classes[number];

/** One command. */
export interface Command {
  /** Its effect, in a sentence. */
  readonly summary: string;
  /** More, as paragraphs. */
  readonly description?: string;
  /** Positional arguments in order. The one named `body` (bytes, text or json) is the counted body. */
  readonly args?: Fields;
  /** Named arguments, which are optional unless `required`. */
  readonly options?: Fields;
  /** The fields of the reply. */
  readonly reply?: Fields;
  /** The fields of each item of a streaming reply. Default: the command has no items. */
  readonly items?: Fields;
  /** Its error codes beside the standard ones. */
  readonly errors?: Readonly<Record<string, ErrorSpec>>;
  /** Its class where the request names none. Default `normal`. */
  readonly class?: ClassName;
  /** Its share of a seat beside other commands'. Default 1. */
  readonly cost?: number;
  /** Whether a client may send it again: a second time changes nothing. Default false. */
  readonly idempotent?: boolean;
  /** The role that the client needs. */
  readonly role?: string;
  /** Examples for HELP and the reference; tests run them. */
  readonly examples?: readonly Example[];
}

/** One protocol of several that were made one. */
export interface ProtocolPart {
  /** Its name. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Its purpose, in a sentence. */
  readonly summary: string;
  /** More, as paragraphs. */
  readonly description?: string;
  /** The verbs of its commands. */
  readonly verbs: readonly string[];
}

/** A protocol: everything that client and server agree on. */
export interface Protocol {
  /** Its name, a lower-case word. */
  readonly name: string;
  /** Its version, `major.minor`. */
  readonly version: string;
  /** Its purpose, in a sentence. */
  readonly summary: string;
  /** More, as paragraphs. */
  readonly description?: string;
  /** The commands by verb, in upper case. */
  readonly commands: Readonly<Record<string, Command>>;
  /** The protocols that `combine` made one. */
  readonly parts?: readonly ProtocolPart[];
}

/** A protocol as far as inference needs it: whether it is sound is another question, with an answer in words. */
export interface WithCommands {
  /** The commands by verb. */
  readonly commands: object;
}

/** The options of every command, without their texts for people. */
export const wireOptions = {
  within: { type: "duration", min: 1, max: 2_147_483_647 },
  class: { type: "enum", values: classes },
  trace: { type: "text", max: 512 },
} as const satisfies Fields;

/** The options of every command. */
export const commonOptions = {
  within: { ...wireOptions.within, summary: "Deadline from now; covers waiting and running." },
  class: { ...wireOptions.class, summary: "How urgent it is." },
  trace: { ...wireOptions.trace, summary: "W3C traceparent." },
} as const satisfies Fields;
