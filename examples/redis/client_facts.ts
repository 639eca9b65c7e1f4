// The facts that a client tells about itself: CLIENT SETNAME, SETINFO and INFO.

import type { BuiltinContext } from "@lineup/lineup/dialects";
import { Refusal } from "@lineup/lineup/protocol";
import { OK, type Simple } from "./reply.ts";
import type { RedisSession } from "./session.ts";

const WORD = /^[!-~]{0,1024}$/;

/** Sets the name of a connection, for CLIENT INFO and for the log of the server. */
export function setName(session: RedisSession, name: string, context: BuiltinContext): Simple {
  session.told.name = checkedName(name);
  context.introduce({ agent: name });
  return OK;
}

/** A name that a connection may have. Throws a `Refusal` for another. */
export function checkedName(name: string): string {
  return checked("Client names", name);
}

/** Sets the name or the version of the client's library. */
export function setInfo(session: RedisSession, attribute: string, value: string): Simple {
  const name = attribute.toLowerCase();
  if (name !== "lib-name" && name !== "lib-ver") {
    throw new Refusal("bad-arguments", `Unrecognized option '${attribute}'`);
  }
  session.told[name] = checked(name, value);
  return OK;
}

/** The facts of a connection, as far as CLIENT INFO of Redis has them. */
export function clientInfo({ peer, resp3, told }: RedisSession, id: number): string {
  const { name, ...library } = told;
  const cmd = "client|info";
  const resp = resp3 ? 3 : 2;
  const facts = { id, addr: peer, name, db: 0, cmd, user: "default", ...library, resp };
  return Object.entries(facts).map(([fact, value]) => `${fact}=${value}`).join(" ") + "\n";
}

function checked(what: string, word: string): string {
  if (WORD.test(word)) return word;
  const message = `${what} cannot contain spaces, newlines or special characters.`;
  throw new Refusal("bad-arguments", message);
}
