// Checks the fields that a protocol declares.

import { members } from "./members.ts";
import { needName } from "./names.ts";
import { commonOptions, type Field, type Fields, type FieldSpec } from "./spec.ts";
import { isRecord, need, needBoolean, needFew, needKnown, needText } from "./spec_error.ts";
import { describe } from "./describe.ts";
import { parseValue, typeNames } from "./values.ts";

/** A field with its name. */
export interface NamedField extends FieldSpec {
  /** Its name. */
  readonly name: string;
}

/** The full form of a field such as `"integer?"` or `"text..."`. */
export function fieldSpec(field: Field): FieldSpec {
  if (typeof field !== "string") return field;
  const [, type, mark] = /^(.*?)(\?|\.{3})?$/s.exec(field) as unknown as [
    string,
    FieldSpec["type"],
    string?,
  ];
  if (mark) return mark === "?" ? { type, optional: true } : { type, many: true };
  return { type };
}

/** As `fieldSpec`. Throws `SpecError` for a field without a known type. */
export function typedSpec(field: Field, at: string): FieldSpec {
  need(typeof field === "string" || isRecord(field), at, "must be a type or an object");
  const spec = fieldSpec(field);
  need(
    typeNames.includes(spec.type),
    typeof field === "string" ? at : `${at}.type`,
    `must be one of ${typeNames.join(", ")}, not ${JSON.stringify(spec.type)}`,
  );
  return spec;
}

/** Whether a field may be left out. */
export function isOptional(field: FieldSpec): boolean {
  return field.optional || field.default !== undefined;
}

const MOST = { fields: 100, values: 1000 } as const;

/** The full form of fields, with their names. Throws `SpecError`. `path` is the place of their declaration. */
export function readFields(all: Fields | undefined, path: string): NamedField[] {
  if (all === undefined) return [];
  need(isRecord(all), path, "must be an object of fields by name");
  needFew(Object.keys(all).length, MOST.fields, "fields", path);
  return Object.entries(all).map(([name, field]) => readField(name, field, `${path}.${name}`));
}

/**
 * The options beside `args`, each with `optional` set. Throws `SpecError`. `path` is the place of their declaration.
 */
export function readOptions(
  all: Fields | undefined,
  args: readonly NamedField[],
  path: string,
): NamedField[] {
  const options = readFields(all, path).map(asOption);
  for (const { name, many } of options) {
    const at = `${path}.${name}`;
    need(!args.some((arg) => arg.name === name), at, "an argument has the same name");
    need(!Object.hasOwn(commonOptions, name), at, "every command takes an option of this name");
    need(name !== "body", at, "a body is declared among the arguments");
    need(!many, at, "an option is given once; only the last argument may be many");
  }
  return options;
}

/** Sets `optional` of an option, which is the opposite of its `required`: other fields have `optional` only. */
export function asOption(field: NamedField): NamedField {
  return { ...field, optional: field.required !== true };
}

function readField(name: string, field: Field, at: string): NamedField {
  needName(name, at);
  need(!(name in {}), at, "JavaScript objects have this name already; choose another");
  const spec = typedSpec(field, at);
  needKnown(spec, members.field, at);
  needText(spec.summary, `${at}.summary`);
  for (const key of ["optional", "required", "many", "positional"] as const) {
    needBoolean(spec[key], `${at}.${key}`);
  }
  needValues(spec, `${at}.values`);
  for (const limit of ["min", "max"] as const) {
    const isNumber = spec[limit] === undefined || Number.isFinite(spec[limit]);
    need(isNumber, `${at}.${limit}`, "must be a number");
  }
  need(!(spec.min! > spec.max!), `${at}.min`, "must not be more than max");
  need(
    name !== "body" || (["bytes", "text", "json"].includes(spec.type) && !spec.many),
    at,
    "a body is one of bytes, text or json",
  );
  need(
    spec.schema === undefined || typeof spec.schema?.["~standard"]?.validate === "function",
    `${at}.schema`,
    "must be a Standard Schema",
  );
  if (spec.default !== undefined) {
    need(!spec.many && name !== "body", `${at}.default`, "only a single word can have a default");
    need(isValue(spec.default, spec), `${at}.default`, `must be ${describe(spec)}`);
  }
  return { ...spec, name };
}

function needValues({ type, values }: FieldSpec, path: string): void {
  need((type === "enum") === (values !== undefined), path, "an enum has values, and only an enum");
  need(
    values === undefined ||
      (Array.isArray(values) && values.length > 0 &&
        values.every((each) => typeof each === "string" && each !== "")),
    path,
    "must be an array of one or more words",
  );
  needFew(values?.length ?? 0, MOST.values, "values", path);
}

function isValue(text: unknown, field: FieldSpec): boolean {
  if (typeof text !== "string") return false;
  try {
    parseValue(text, field);
    return true;
  } catch {
    return false;
  }
}
