// Errors of SQLite, in words for the person who opens a file.

/** The message of SQLite for a damaged file. */
export const DAMAGED = "database disk image is malformed";

/** The meanings of messages of SQLite. */
const MEANINGS: Readonly<Record<string, string>> = {
  "database is locked": "is in use by another server",
  "file is not a database": "is not a SQLite database",
  [DAMAGED]: "is damaged, and was left as it is",
  "attempt to write a readonly database": "cannot be written",
};

/** The meaning of an error for a file; `more` says where to learn more about a damage. */
export function explain(
  error: unknown,
  path: string,
  more = "; checkSqliteFile tells more",
): string {
  const message = error instanceof Error ? error.message : String(error);
  if (Object.hasOwn(MEANINGS, message)) {
    return `${path} ${MEANINGS[message]}${message === DAMAGED ? more : ""}`;
  }
  // Of node:sqlite, for numbers that JavaScript cannot tell apart.
  if (/too large to be represented/.test(message)) {
    return `${path} has a number that is out of bounds${more}`;
  }
  return message.includes(path) ? message : `${path}: ${message}`;
}
