// HELLO: the version of the protocol, and the name of the client.

import { type Authentication, type BuiltinContext, provedName } from "@lineup/lineup/dialects";
import { Refusal, type Values } from "@lineup/lineup/protocol";
import { prove } from "./auth.ts";
import { checkedName, setName } from "./client_facts.ts";
import { integerOf } from "./command_plan.ts";
import { VERSION } from "./info.ts";
import type { RedisSession } from "./session.ts";

/** HELLO once it is read. */
interface ReadHello {
  readonly version: bigint | undefined;
  readonly name: string | undefined;
  /** The proof of an identity; `undefined` where the client brings none. */
  readonly proof: Authentication | undefined;
}

/** Reads HELLO. The options are checked in their order; nothing behind a wrong password is. */
export function onHello(args: Values, context: BuiltinContext, session: RedisSession): Values {
  const version = args.protover === undefined ? undefined : versionOf(args.protover as string);
  const options = args.options as readonly string[] | undefined ?? [];
  let name: string | undefined;
  let proof: Authentication | undefined;
  for (let at = 0; at < options.length && !(proof && "failure" in proof);) {
    const option = options[at].toUpperCase();
    const left = options.length - at - 1;
    if (option === "AUTH" && left >= 2) {
      proof = prove(options[at + 1], options[at + 2], context, session);
      at += 3;
    } else if (option === "SETNAME" && left >= 1) {
      name = checkedName(options[at + 1]);
      at += 2;
    } else {
      throw new Refusal("bad-arguments", `Syntax error in HELLO option '${options[at]}'`);
    }
  }
  return { version, name, proof } satisfies ReadHello;
}

/** Answers HELLO. Nothing changes where an option is wrong, or an identity is missing. */
export async function hello(
  read: Values,
  session: RedisSession,
  context: BuiltinContext,
): Promise<unknown> {
  const { version, name, proof } = read as unknown as ReadHello;
  if (proof !== undefined) await provedName(proof, context);
  if (session.auth() !== "none" && context.identity === undefined) {
    throw new Refusal("unauthenticated", UNPROVED);
  }
  if (name !== undefined) setName(session, name, context);
  if (version !== undefined) session.resp3 = version === 3n;
  return new Map<string, unknown>([
    ["server", "redis"],
    ["version", VERSION],
    ["proto", session.resp3 ? 3 : 2],
    ["id", context.id],
    ["mode", "standalone"],
    ["role", "master"],
    ["modules", []],
  ]);
}

const UNPROVED = "HELLO must be called with the client already authenticated, otherwise the " +
  "HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select " +
  "the RESP protocol version at the same time";

function versionOf(word: string): bigint {
  const version = integerOf(word);
  if (version === undefined) {
    throw new Refusal("bad-arguments", "Protocol version is not an integer or out of range");
  }
  if (version === 2n || version === 3n) return version;
  throw new Refusal("no-protocol", "unsupported protocol version");
}
