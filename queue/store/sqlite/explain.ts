// SQLite's errors in the words of whoever opens a file.

/** What SQLite says of a file that is damaged. */
export const DAMAGED = "database disk image is malformed";

/** What SQLite's words mean. */
const MEANINGS: Readonly<Record<string, string>> = {
  "database is locked": "is in use by another server",
  "file is not a database": "is not a SQLite database",
  [DAMAGED]: "is damaged, and was left as it is",
  "attempt to write a readonly database": "cannot be written",
};

/** What an error of SQLite means for a file; `more` says where more is told of a damage. */
export function explain(
  error: unknown,
  path: string,
  more = "; `lineup queue --check` tells more",
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
