// The fields of one line, prepared for reading and writing.

import { asOption, isOptional, type NamedField } from "./fields.ts";
import { commonOptions } from "./spec.ts";
import { need } from "./spec_error.ts";
import { parseValue } from "./values.ts";

/** The values of one line by name. */
export type Values = Record<string, unknown>;

/** The fields of one line: positional ones in order, named ones by name, and the counted body. */
export interface Shape {
  /** The positional fields, in order. */
  readonly positional: readonly NamedField[];
  /** How many positional fields are required: the first ones. */
  readonly required: number;
  /** The named fields, in the order in which they are written. */
  readonly named: ReadonlyMap<string, NamedField>;
  /** The required fields of `named`. */
  readonly needed: readonly NamedField[];
  /** The counted body. */
  readonly body: NamedField | undefined;
  /** Whether the body may also be the last word, for people: no other field can be meant. */
  readonly inlineBody: boolean;
  /** The defaults of fields without a schema. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** The defaults of fields with a schema, which checks a default like any other value. */
  readonly checkedDefaults: readonly { readonly field: NamedField; readonly value: unknown }[];
  /** The fields with a schema. */
  readonly checked: readonly NamedField[];
}

const COMMON = Object.entries(commonOptions).map(([name, field]) => asOption({ ...field, name }));

/** The shape of a request. Throws `SpecError`. `path` is the place of the declaration of the arguments. */
export function requestShape(
  args: readonly NamedField[],
  options: readonly NamedField[],
  path: string,
): Shape {
  const body = args.find((arg) => arg.name === "body");
  const positional = args.filter((arg) => arg !== body);
  const required = countRequired(positional, "argument", path);
  const isFixed = required === positional.length && !positional.some((arg) => arg.many);
  return {
    positional,
    required,
    named: byName([...options, ...COMMON]),
    needed: options.filter((option) => !isOptional(option)),
    body,
    inlineBody: body !== undefined && isFixed,
    ...defaultsOf([...positional, ...options]),
    checked: [...args, ...options].filter(({ schema }) => schema !== undefined),
  };
}

/** The shape of a reply or an item. Throws `SpecError`. `path` is the place of the declaration of its fields. */
export function replyShape(fields: readonly NamedField[], path: string): Shape {
  const body = fields.find((field) => field.name === "body");
  const positional = fields.filter((field) => field.positional && field !== body);
  const named = fields.filter((field) => !field.positional && field !== body);
  for (const { name, many } of named) {
    need(!many, `${path}.${name}`, "only a positional field may be many");
  }
  for (const { name, schema } of fields) {
    need(schema === undefined, `${path}.${name}.schema`, "only arguments have a schema");
  }
  return {
    positional,
    required: countRequired(positional, "word", path),
    named: byName(named),
    needed: named.filter((field) => !isOptional(field)),
    body,
    inlineBody: false,
    ...defaultsOf(fields),
    checked: [],
  };
}

/** Counts the required fields. Checks that they come first, and that only the last field is `many`. */
function countRequired(
  positional: readonly NamedField[],
  what: "argument" | "word",
  path: string,
): number {
  let required = 0;
  for (const [index, field] of positional.entries()) {
    const at = `${path}.${field.name}`;
    const isLast = index === positional.length - 1;
    need(what === "word" || !field.required, at, "an argument is required unless optional");
    need(!field.many || isLast, at, `only the last ${what} may be many`);
    if (isOptional(field)) continue;
    need(required === index, at, `follows an optional ${what}, so it must be optional too`);
    required++;
  }
  return required;
}

function byName(fields: readonly NamedField[]): ReadonlyMap<string, NamedField> {
  return new Map(fields.map((field) => [field.name, field]));
}

function defaultsOf(fields: readonly NamedField[]): Pick<Shape, "defaults" | "checkedDefaults"> {
  const given = fields.flatMap((field) =>
    field.default === undefined ? [] : [{ field, value: parseValue(field.default, field) }]
  );
  const unchecked = given.filter(({ field }) => field.schema === undefined);
  return {
    defaults: Object.fromEntries(unchecked.map(({ field, value }) => [field.name, value])),
    checkedDefaults: given.filter(({ field }) => field.schema !== undefined),
  };
}
