// What spec_error.ts is for browsers, whose file does not export `SpecError`.

/** Throws `TypeError` unless the condition holds. */
export function need(condition: boolean, path: string, message: string): asserts condition {
  if (!condition) throw new TypeError(`${path}: ${message}`);
}

/** Whether a value is an object, and neither null nor an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return Object(value) === value && !Array.isArray(value);
}

/** What follows only those ask for who show what a server says of itself. */
export function needKnown(): void {}
export function needText(): void {}
export function needBoolean(): void {}
export function needFew(): void {}
