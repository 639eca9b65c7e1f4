// The interface of schemas.

/**
 * The part of Standard Schema 1 (https://standardschema.dev) that Lineup calls. zod, valibot, arktype and others
 * implement it: any of their schemas can check an argument, and Lineup depends on none.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** The schema's own side of the contract. */
  readonly "~standard": {
    /** The version of the contract. */
    readonly version: 1;
    /** The library's name. */
    readonly vendor: string;
    /** Checks a value, and may change it. */
    readonly validate: (
      value: unknown,
    ) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** For inference only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The result of a check: a value, or the issues with it. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** An objection of a schema. */
export interface SchemaIssue {
  /** Its reason, for people. */
  readonly message: string;
  /** The way to the part of the value that is wrong, from the outside. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The issues of a schema as one clause: `to.0: not an address; subject: too long`. */
export function describeIssues(issues: readonly SchemaIssue[]): string {
  return issues.map(({ message, path = [] }) => {
    const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
    return [...(keys.length > 0 ? [keys.join(".")] : []), message.replace(/\.$/, "")].join(": ");
  }).join("; ");
}
