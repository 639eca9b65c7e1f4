// How a field is described that a store keeps: once, as data. Tables, rows, the columns between threads, lines of JSON and
// the checks of all of them are made from these descriptions.

/** A field of a job, of limits or of a schedule. */
export interface StoredFieldSpec {
  /**
   * Its values: `integer` and `number`; `time` in ms since the Unix epoch; `word` has neither spaces nor control
   * characters; `flag` is true or false; `state` is one of a job's.
   */
  readonly type: "integer" | "number" | "time" | "word" | "text" | "flag" | "state";
  /** Its column. Default: its name. */
  readonly column?: string;
  /** Its name in a line of JSON. Default: its column; `null`: it is in none. */
  readonly line?: string | null;
  /** The least number, or the fewest characters of a word. */
  readonly min?: number;
  /** The highest number, or the most characters. */
  readonly max?: number;
  /** The least and the highest number of an import, where they are nearer than those of a file. */
  readonly importMin?: number;
  readonly importMax?: number;
  /** How far ahead a time of an import may be, in ms. */
  readonly ahead?: number;
  /**
   * Its value where a line of JSON has none, and in a file of a version that had no such field; `NOW` is the time of the
   * import. Without a default a line must have it.
   */
  readonly default?: string | number | boolean | typeof NOW;
  /** It is absent where it has its default. */
  readonly optional?: true;
  /** A line of JSON leaves it out where it has its default. */
  readonly brief?: true;
  /** A file may have any value: its reader copes with it. */
  readonly unchecked?: true;
  /** Most jobs of a batch differ in it. */
  readonly varies?: true;
  /** The version of the file's schema that began with it. Default: 1. */
  readonly since?: number;
}

/** In place of a default: the time of the import. */
export const NOW: unique symbol = Symbol("now");

/** A field with its name. */
export interface StoredField extends StoredFieldSpec {
  readonly name: string;
}

/** The fields of a record in their order, which is that of its columns. */
export function named<F extends StoredFieldSpec>(
  fields: Readonly<Record<string, F>>,
): (F & StoredField)[] {
  return Object.entries(fields).map(([name, field]) => ({ ...field, name }));
}

/** The column of a field. */
export function columnOf({ name, column = name }: StoredField): string {
  return column;
}

/** The name of a field in a line of JSON; `null` where it is in none. */
export function lineNameOf(field: StoredField): string | null {
  return field.line === undefined ? columnOf(field) : field.line;
}

/** Whether rows and columns have a text for it, not a number. */
export function isText({ type }: StoredFieldSpec): boolean {
  return type === "word" || type === "text";
}
