// AUTH: there is one user, default, who has no password.

import { Refusal } from "@lineup/lineup/protocol";
import { OK, type Simple } from "./reply.ts";

/** The error for a user that is not there. */
export const wrongPassword = {
  "wrong-password": { summary: "The only user is default; any password is its." },
} as const;

/** Checks a user, as a redis-server without passwords does. Throws a `Refusal`. */
export function checkUser(user: string): void {
  if (user === "default") return;
  throw new Refusal("wrong-password", "invalid username-password pair or user is disabled.");
}

/** Runs AUTH: a password, or a user and a password. */
export function auth(credentials: readonly string[]): Simple {
  if (credentials.length > 2) throw new Refusal("bad-arguments", "syntax error");
  if (credentials.length === 1) {
    throw new Refusal(
      "bad-arguments",
      "AUTH <password> called without any password configured for the default user. " +
        "Are you sure your configuration is correct?",
    );
  }
  checkUser(credentials[0]);
  return OK;
}
