// A request needs an identity, its role, and a place among the requests of its identity.

import type { Builtin, Failure, WireRequest, Wording } from "../../dialects/dialect.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import type { IdentityUse } from "../identity/access.ts";
import type { Identity } from "../identity/identity.ts";
import type { RequestPolicy } from "./policy.ts";

/** The time in ms after which a client may try again that has too many requests in flight. */
const RETRY_MS = 1000;

/** The identity of a connection, as far as this rule needs it. */
interface Identified {
  readonly identity: Identity | undefined;
  readonly use: IdentityUse | undefined;
  readonly isProved: boolean;
}

/** The needs of the built-in commands, by verb. */
type BuiltinNeeds = Readonly<Record<string, Pick<Builtin, "identity" | "role"> | undefined>>;

/** Refuses the requests that an identity may not make. */
export class IdentityRule implements RequestPolicy {
  readonly #client: Identified;
  readonly #builtins: BuiltinNeeds;
  readonly #wording: Wording;

  /** `builtins` are the commands of the dialect, whose needs hold for servers with identities only. */
  constructor(
    client: Identified,
    builtins: BuiltinNeeds,
    wording: Wording,
  ) {
    this.#client = client;
    this.#builtins = builtins;
    this.#wording = wording;
  }

  admit({ verb }: WireRequest, command: CompiledCommand | undefined): Failure | undefined {
    const { identity, isProved, use } = this.#client;
    const { builtin, command: { role = undefined } = {} } = command!;
    const needed = builtin ? this.#builtins[verb]?.role : role;
    if (needed !== undefined && identity?.roles.includes(needed) !== true) {
      return isProved ? this.#lacks(verb, needed) : this.#unauthenticated(verb);
    }
    if (builtin && this.#builtins[verb]?.identity !== true) return undefined;
    if (identity === undefined) return this.#unauthenticated(verb);
    if (builtin) return undefined;
    const { running } = identity;
    if (running === undefined || use!.inFlight < running) return undefined;
    const message = `${identity.name} has ${running} requests in flight, as many as it may.`;
    return { code: "quota", message, retry: RETRY_MS, details: { scope: "identity" } };
  }

  #lacks(verb: string, role: string): Failure {
    const { name } = this.#client.identity!;
    return { code: "forbidden", message: `${verb} needs the role ${role}, which ${name} has not.` };
  }

  #unauthenticated(verb: string): Failure {
    return { code: "unauthenticated", message: this.#wording.unauthenticated(verb) };
  }
}
