// The checks of arguments by the schemas of a protocol.

import { Refusal } from "../../protocol/errors.ts";
import type { NamedField } from "../../protocol/fields.ts";
import type { Values } from "../../protocol/shape.ts";
import { describeIssues, type SchemaResult } from "../../protocol/standard_schema.ts";

/**
 * Checks the values of these fields and replaces each by the output of its schema. Returns a promise only where a schema
 * does. Throws (or rejects with) a `Refusal` `bad-arguments`.
 */
export function checkSchemas(
  fields: readonly NamedField[],
  values: Values,
): Promise<void> | undefined {
  return runChecks(checksOf(fields, values), 0);
}

/** A value for a schema, and the place of its output. */
interface SchemaCheck {
  readonly field: NamedField;
  readonly holder: Record<string | number, unknown> | unknown[];
  readonly key: string | number;
}

function checksOf(fields: readonly NamedField[], values: Values): SchemaCheck[] {
  const checks: SchemaCheck[] = [];
  for (const field of fields) {
    const value = values[field.name];
    if (value === undefined) continue;
    if (!field.many) checks.push({ field, holder: values, key: field.name });
    else {
      const holder = value as unknown[];
      for (const key of holder.keys()) checks.push({ field, holder, key });
    }
  }
  return checks;
}

/** Runs one check after another: a check that still runs when another refuses could reject unheard. */
function runChecks(checks: readonly SchemaCheck[], from: number): Promise<void> | undefined {
  for (let i = from; i < checks.length; i++) {
    const { field, holder, key } = checks[i];
    const values = holder as Record<string | number, unknown>;
    const result = field.schema!["~standard"].validate(values[key]);
    if (!(result instanceof Promise)) values[key] = checked(field, result);
    else {
      return result.then((result) => {
        values[key] = checked(field, result);
        return runChecks(checks, i + 1);
      });
    }
  }
}

function checked(field: NamedField, result: SchemaResult<unknown>): unknown {
  if (result.issues === undefined) return result.value;
  const why = describeIssues(result.issues);
  throw new Refusal("bad-arguments", `${field.name} is refused: ${why}.`);
}
