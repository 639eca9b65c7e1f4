// The error of a wrong protocol, and the checks that throw it.

/**
 * A wrong protocol. The message begins with the path of the wrong part.
 *
 * @example
 * ```ts
 * import { compile, SpecError } from "@lineup/lineup/protocol";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const wrong = { name: "Calc", version: "1.0", summary: "Adds.", commands: {} };
 * assertEquals(assertThrows(() => compile(wrong), SpecError).path, "name");
 * ```
 */
export class SpecError extends Error {
  /** The name of the class. */
  override readonly name = "SpecError";
  /** The path of the wrong part: `commands.ADD.args.a.type`. */
  readonly path: string;

  /** An error at a path. */
  constructor(path: string, message: string) {
    super(`${path}: ${message}`);
    this.path = path;
  }
}

/** Throws `SpecError` unless the condition holds. */
export function need(condition: boolean, path: string, message: string): asserts condition {
  if (!condition) throw new SpecError(path, message);
}

/** Whether a value is an object, and neither null nor an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Throws `SpecError` at a key that is not one of `keys`, such as a misspelt one. */
export function needKnown(value: object, keys: readonly string[], path: string): void {
  for (const key of Object.keys(value)) {
    need(keys.includes(key), `${path}.${key}`, `is not known here; known are ${keys.join(", ")}`);
  }
}

/**
 * Throws `SpecError` unless the summary, and the description if there is one, are text. `path` ends in a dot or is
 * empty.
 */
export function needTexts(value: { summary: string; description?: string }, path: string): void {
  need(
    typeof value.summary === "string" && value.summary.trim() !== "",
    `${path}summary`,
    "must say in a sentence what it is for",
  );
  needText(value.description, `${path}description`);
}

/** Throws `SpecError` unless the value is text or undefined. */
export function needText(value: unknown, path: string): void {
  need(value === undefined || typeof value === "string", path, "must be text");
}

/** Throws `SpecError` unless the value is a boolean or undefined. */
export function needBoolean(value: unknown, path: string): void {
  need(value === undefined || typeof value === "boolean", path, "must be a boolean");
}

/** Throws `SpecError` where `count` is more than `most`. */
export function needFew(count: number, most: number, what: string, path: string): void {
  need(count <= most, path, `there may be ${most} ${what}, and are ${count}`);
}
