// How a client proves an identity: a first `set` whose data are a name and a token, as `memcached -Y` reads it, or SASL PLAIN
// in the binary form. A name is that of the identity.

import type { Authentication, Builtin, BuiltinContext, Served } from "@lineup/lineup/dialects";
import { provedName } from "@lineup/lineup/dialects";
import type { Values } from "@lineup/lineup";

/** The name and the token that a client sends. */
export type Credentials = readonly [name: string, token: string];

/** The one mechanism of SASL. */
const PLAIN = "PLAIN";

/** Whether a client may, or must, still prove an identity. */
export class Proof {
  readonly #auth: NonNullable<Served["auth"]>;
  #hasIdentity = false;

  constructor({ auth = () => "none" }: Served) {
    this.#auth = auth;
  }

  /** Whether the next `set` is a proof. */
  get isDue(): boolean {
    return !this.#hasIdentity && this.isPossible;
  }

  /** Whether the server has identities. */
  get isPossible(): boolean {
    return this.#auth() !== "none";
  }

  /** Takes the name of the identity of the client. */
  onIdentity(name: string | undefined): void {
    this.#hasIdentity = name !== undefined;
  }
}

/** The credentials in the data of a `set`: a name, a blank and a token. */
export function credentialsOfData(data: string): Credentials | undefined {
  const words = data.split(" ").filter((word) => word !== "");
  return words.length < 2 ? undefined : [words[0], words[1]];
}

/** The credentials in the value of SASL: an identity to act for, which is not looked at, a name and a token. */
export function credentialsOfSasl(mechanism: string, value: string): Credentials | undefined {
  const parts = value.split("\0");
  return mechanism === PLAIN && parts.length === 3 ? [parts[1], parts[2]] : undefined;
}

/** The commands by verb. */
export const proofCommands = {
  AUTH: {
    command: {
      summary: "Prove an identity.",
      args: { credentials: { type: "text", many: true } },
    },
    control: true,
    proof: true,
    onArrival: authenticate,
    run: auth,
  },
  MECHANISMS: {
    command: { summary: "List the mechanisms of SASL.", reply: { mechanisms: "text" } },
    control: true,
    proof: true,
    run: () => ({ mechanisms: PLAIN }),
  },
} as const satisfies Record<string, Builtin>;

/** The token goes no further than this. */
function authenticate({ credentials }: Values, context: BuiltinContext): Values {
  const [name, token] = credentials as unknown as Credentials;
  return context.authenticate(token, name) as unknown as Values;
}

async function auth(result: Values, context: BuiltinContext): Promise<void> {
  const proof = result as unknown as Authentication;
  if ("failure" in proof && proof.failure.code === "unauthenticated") {
    const failure = { ...proof.failure, message: "authentication failure" };
    await provedName({ ...proof, failure }, context);
  }
  await provedName(proof, context);
}
