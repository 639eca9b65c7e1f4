// The JSON Schema of a configuration file, for editors, made from the flags.

import { describe } from "../../protocol/describe.ts";
import { flagText } from "../help.ts";
import type { Flag, Subcommand } from "../flags.ts";
import { memberOf, optionsOf, variableOf } from "./names.ts";

/** A JSON Schema. */
export interface Schema {
  [keyword: string]: unknown;
  properties?: Record<string, Schema>;
}

/** The schema of the file for a command. */
export function schemaOf(name: string, command: Subcommand): Schema {
  const root: Schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `Configuration of lineup ${name}`,
    description: `The file of lineup ${name} --config FILE: JSON with comments.`,
    type: "object",
    additionalProperties: false,
    properties: { $schema: { type: "string", description: "The schema, for editors." } },
  };
  for (const [flag, spec] of Object.entries(optionsOf(command))) {
    if (flag === "config") continue;
    const path = memberOf(flag).split(".");
    let at = root;
    for (const step of path.slice(0, -1)) {
      at = at.properties![step] ??= {
        type: "object",
        additionalProperties: false,
        properties: {},
      };
    }
    at.properties![path.at(-1)!] = optionSchema(flag, spec);
  }
  return root;
}

function optionSchema(flag: string, spec: Flag): Schema {
  const reload = spec.live ? "A running server takes it at SIGHUP." : "It needs a restart.";
  const names = `Flag --${flag}, variable ${variableOf(flag)}.`;
  return {
    description: `${flagText(spec)} ${reload} ${names}`,
    ...typeSchema(spec),
    ...(spec.default ?? spec.usual) === undefined ? {} : { default: defaultOf(spec) },
  };
}

/** The patterns of the values that are written as a text with a unit. */
const PATTERNS = {
  duration: "^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$",
  size: "^[0-9]+(B|KiB|MiB|GiB)?$",
};

function typeSchema({ value, type = { type: "text" }, list }: Flag): Schema {
  if (value === undefined) return { type: "boolean" };
  const { type: kind, min, max, values } = type;
  const range = {
    ...min === undefined ? {} : { minimum: min },
    ...max === undefined ? {} : { maximum: max },
  };
  switch (kind) {
    case "integer":
    case "number":
      return { type: kind, ...range };
    case "duration":
      return {
        type: "string",
        pattern: PATTERNS.duration,
        examples: ["500ms", "10s", "1h"],
        $comment: describe(type),
      };
    case "size":
      return {
        anyOf: [{ type: "integer", ...range }, { type: "string", pattern: PATTERNS.size }],
        $comment: describe(type),
      };
    case "enum":
      return { enum: values };
  }
  const text = { type: "string", minLength: 1 };
  if (!list) return text;
  return { anyOf: [text, { type: "array", minItems: 1, items: { ...text, pattern: "^[^,]+$" } }] };
}

/** The default as a value of the file. */
function defaultOf({ value, type, default: fixed, usual = fixed }: Flag): unknown {
  const isNumber = value !== undefined && ["integer", "number"].includes(type?.type ?? "");
  return isNumber ? Number(usual) : usual;
}
