// HELLO: the version of the protocol, and the name of the client.

import type { BuiltinContext } from "@lineup/lineup/dialects";
import { Refusal, type Values } from "@lineup/lineup/protocol";
import { checkUser } from "./auth.ts";
import { checkedName, setName } from "./client_facts.ts";
import { integerOf } from "./command_plan.ts";
import { VERSION } from "./info.ts";
import type { RedisSession } from "./session.ts";

/** Runs HELLO. Nothing changes where an option is wrong. */
export function hello(args: Values, session: RedisSession, context: BuiltinContext): unknown {
  const version = args.protover === undefined ? undefined : versionOf(args.protover as string);
  const name = nameIn(args.options as string[] | undefined ?? []);
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

function versionOf(word: string): bigint {
  const version = integerOf(word);
  if (version === undefined) {
    throw new Refusal("bad-arguments", "Protocol version is not an integer or out of range");
  }
  if (version === 2n || version === 3n) return version;
  throw new Refusal("no-protocol", "unsupported protocol version");
}

/** The name in the options, which are checked in their order. */
function nameIn(options: readonly string[]): string | undefined {
  let name: string | undefined;
  for (let at = 0; at < options.length;) {
    const option = options[at].toUpperCase();
    const left = options.length - at - 1;
    if (option === "AUTH" && left >= 2) {
      checkUser(options[at + 1]);
      at += 3;
    } else if (option === "SETNAME" && left >= 1) {
      name = checkedName(options[at + 1]);
      at += 2;
    } else {
      throw new Refusal("bad-arguments", `Syntax error in HELLO option '${options[at]}'`);
    }
  }
  return name;
}
