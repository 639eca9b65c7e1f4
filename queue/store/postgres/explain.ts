// Errors of PostgreSQL and of the way to it, in words for the person who sets it up.

import { sslModeOf } from "./address.ts";

/** The meanings of codes of PostgreSQL, behind the name of the database. */
const MEANINGS: Readonly<Record<string, string>> = {
  "28P01": "refuses the password; say the right one by PGPASSWORD, ~/.pgpass or LINEUP_DATA",
  "28000": "refuses this user; see its pg_hba.conf",
  "3D000": "is no database of that server; make it with `createdb`",
  "42501": "does not give this user a right that it needs",
  "25006": "is read-only, such as a standby; name the primary",
  "53300": "has no connection left; a node needs at most 3",
  "57P03": "is starting or stopping; try again",
  "57P01": "was stopped by its administrator",
  "53100": "has no room left on its disk",
};

/** The meanings of codes of the network. */
const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOENT: "there is no such socket",
  ENOTFOUND: "there is no host of that name",
  EACCES: "this user may not open its socket",
  ETIMEDOUT: "it does not answer",
};

/** A database as messages name it: without its password. */
export function describe(url: string): string {
  try {
    const { username, hostname, port, pathname, searchParams } = new URL(url);
    const host = hostname || searchParams.get("host") || "";
    const user = username === "" ? "" : `${username}@`;
    return `postgres://${user}${host}${port === "" ? "" : `:${port}`}${pathname}`;
  } catch {
    return "postgres://…";
  }
}

/** An error with its meaning for a database. */
export function explain(error: unknown, url: string): Error {
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  const name = describe(url);
  const own = meaningOf(code, message, url);
  // pg throws an error without words where it tries several addresses.
  const [first] = (error as { errors?: Error[] }).errors ?? [];
  if (own === undefined && first !== undefined) return explain(first, url);
  return new Error(own === undefined ? `${name}: ${message}` : `${name} ${own}`, { cause: error });
}

function meaningOf(code: string, message: string, url: string): string | undefined {
  if (Object.hasOwn(MEANINGS, code)) return `${MEANINGS[code]}: ${message}`;
  if (Object.hasOwn(NETWORK, code)) return `cannot be reached: ${NETWORK[code]}`;
  if (message === "timeout expired") return "cannot be reached: it does not answer";
  if (/password must be a string/i.test(message)) {
    return "asks for a password; say it by PGPASSWORD, ~/.pgpass or LINEUP_DATA";
  }
  if (/does not support SSL/.test(message)) {
    return `cannot be reached: it has no TLS, which ${sslModeOf(url)} asks for`;
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `cannot be reached: its certificate is of another name (${sslModeOf(url)}): ${message}`;
  }
  if (/certificate/i.test(message)) {
    return `cannot be reached: ${message} (${
      sslModeOf(url)
    }); sslrootcert=FILE names its authority`;
  }
}
