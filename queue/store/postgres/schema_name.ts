/** The name of the schema of a queue's tables, if nothing else is said. */
export const SCHEMA = "lineup";

const NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/** A schema's name in SQL. Throws an `Error` for one that a queue may not have. */
export function schemaName(name: string): string {
  if (!NAME.test(name)) {
    throw new Error(
      `the name of a schema has lower-case letters, digits and _, at most 63, not ${
        JSON.stringify(name)
      }`,
    );
  }
  if (name === "public" || name === "information_schema" || name.startsWith("pg_")) {
    throw new Error(`the queue needs a schema of its own, not ${name}`);
  }
  return `"${name}"`;
}

/** The channel on which a new row is told, for a schema as in SQL. */
export function inboxChannel(schema: string): string {
  return `${schema.slice(1, -1)}_inbox`;
}

/** The channel on which nodes tell what they have done to nodes and shards, for a schema as in SQL. */
export function nodesChannel(schema: string): string {
  return `${schema.slice(1, -1)}_nodes`;
}
