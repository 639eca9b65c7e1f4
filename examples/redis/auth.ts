// AUTH, and the AUTH of HELLO. Where the server has identities, a password is the token of one, and a user its name. Elsewhere
// there is one user, default, as in a redis-server without passwords.

import {
  type Authentication,
  type BuiltinContext,
  type Failure,
  provedName,
} from "@lineup/lineup/dialects";
import { Refusal, type Values } from "@lineup/lineup/protocol";
import { OK, type Simple } from "./reply.ts";
import type { RedisSession } from "./session.ts";

/** The user whom clients name that know a password only. */
const DEFAULT = "default";

/** The error for a user or a password that is wrong. */
export const wrongPassword = {
  "wrong-password": { summary: "The password is not the token of that user." },
} as const;

const WRONG: Failure = {
  code: "wrong-password",
  message: "invalid username-password pair or user is disabled.",
};

/** Proves the identity of a user by a token. */
export function prove(
  user: string,
  password: string,
  context: BuiltinContext,
  { auth }: RedisSession,
): Authentication {
  if (auth() === "none") {
    return user === DEFAULT ? { identity: user } : { failure: WRONG, delay: 0 };
  }
  const proof = context.authenticate(password, user === DEFAULT ? undefined : user);
  const isWrong = "failure" in proof && proof.failure.code === "unauthenticated";
  return isWrong ? { ...proof, failure: WRONG } : proof;
}

/** Reads AUTH: a password, or a user and a password. Its token goes no further. */
export function onAuth(args: Values, context: BuiltinContext, session: RedisSession): Values {
  const credentials = args.credentials as readonly string[];
  if (credentials.length > 2) throw new Refusal("bad-arguments", "syntax error");
  if (credentials.length === 1 && session.auth() === "none") {
    throw new Refusal(
      "bad-arguments",
      "AUTH <password> called without any password configured for the default user. " +
        "Are you sure your configuration is correct?",
    );
  }
  const [password, user = DEFAULT] = credentials.toReversed();
  return prove(user, password, context, session) as unknown as Values;
}

/** Answers AUTH. */
export async function auth(proof: Values, context: BuiltinContext): Promise<Simple> {
  await provedName(proof as unknown as Authentication, context);
  return OK;
}
