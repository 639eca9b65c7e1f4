// The identity of one connection.

import type { Authentication, Failure } from "../../dialects/dialect.ts";
import type { Access, IdentityUse } from "./access.ts";
import { type ClientCertificate, type Credential, type Identity, keepsRights } from "./identity.ts";

/** The most failed proofs of a connection; it ends after this many. */
const MOST_FAILURES = 10;

/** The connection of an identity. */
export interface IdentifiedConnection {
  /** The address of the client, and its prefixes. */
  readonly peer: string;
  readonly prefixes: () => readonly string[];
  readonly now: () => number;
  /** Called when the identity, or a bound of it, is another one. */
  onIdentity(identity: Identity | undefined, use: IdentityUse | undefined): void;
  /** Takes no further requests because of the client's input. */
  endFor(code: string, why: string): void;
}

/** The identity of one connection: that of its certificate, of its token, or of clients that prove none. */
export class ConnectionIdentity {
  /** The identity; `undefined` where the client has none yet. */
  identity: Identity | undefined = undefined;
  /** The use of the identity over all connections. */
  use: IdentityUse | undefined = undefined;
  /** Whether the client has proved it. */
  isProved = false;
  readonly #access: Access;
  readonly #connection: IdentifiedConnection;
  #credential: Credential | undefined = undefined;
  #failures = 0;
  /** The time up to which the answer to a failed proof is held back. Further proofs are not looked at before. */
  #heldUntil = 0;

  constructor(
    access: Access,
    connection: IdentifiedConnection,
    certificate: ClientCertificate | undefined,
  ) {
    this.#access = access;
    this.#connection = connection;
    if (certificate !== undefined) {
      const found = access.identities.forCertificate?.(certificate) ??
        { why: "these identities have no certificates" };
      if ("identity" in found) {
        this.#prove(found);
        return;
      }
      // TLS has checked it: there is nothing to guess, and nothing to delay.
      access.failed(connection.peer, [], found);
    }
    this.#become(access.anonymous);
  }

  /** Takes the identity of a token. Where the client says a name, it must be that of the identity. */
  authenticate(token: string, claimed?: string): Authentication {
    const { now, peer, prefixes } = this.#connection;
    const held = this.#heldUntil - now();
    if (held > 0) return { failure: WRONG, delay: held };
    const known = this.#access.identities.authenticate(token);
    const found = "identity" in known && known.identity.name !== (claimed ?? known.identity.name)
      ? { why: `the token is that of ${known.identity.name}, the name is another` }
      : known;
    if ("identity" in found) {
      const { name } = found.identity;
      if (this.isProved && this.identity!.name !== name) {
        return { failure: another(this.identity!.name), delay: 0 };
      }
      this.#prove(found);
      return { identity: name };
    }
    const delay = this.#access.failed(peer, prefixes(), found);
    if (delay > 0) this.#heldUntil = now() + delay;
    if (++this.#failures >= MOST_FAILURES) {
      this.#connection.endFor(WRONG.code, "too many tokens were wrong");
    }
    return { failure: WRONG, delay };
  }

  /** Looks at the proof again. Returns the failure for which the connection must end, if it must. */
  renew(): Failure | undefined {
    const { identity } = this;
    const access = this.#access;
    if (!this.isProved) {
      const anonymous = access.anonymous;
      if (identity !== undefined) {
        if (anonymous === undefined) return overFor(identity);
        if (!keepsRights(identity, anonymous.identity)) return lessFor(identity);
      }
      this.#become(anonymous);
      return undefined;
    }
    const renewed = this.#credential!.renewed();
    if (renewed === undefined) return overFor(identity!);
    if (!keepsRights(identity!, renewed)) return lessFor(identity!);
    this.#set(renewed);
    return undefined;
  }

  #prove(credential: Credential): void {
    this.#access.proved();
    this.isProved = true;
    this.#become(credential);
  }

  #become(credential: Credential | undefined): void {
    this.#credential = credential;
    this.#set(credential?.identity);
  }

  #set(identity: Identity | undefined): void {
    if (identity === this.identity) return;
    this.identity = identity;
    this.use = identity && this.#access.useOf(identity);
    this.#connection.onIdentity(identity, this.use);
  }
}

/** The answer to every proof that is none: it does not tell which part is wrong. */
const WRONG: Failure = {
  code: "unauthenticated",
  message: "This is not the token of an identity, or its time is over.",
};

/** The answer of a server without identities. */
export const NO_IDENTITIES: Failure = {
  code: "unauthenticated",
  message: "This server has no identities: it asks for no token.",
};

function another(name: string): Failure {
  const message = `This connection is that of ${name}; another identity needs another connection.`;
  return { code: "forbidden", message };
}

function overFor({ name }: Identity): Failure {
  return { code: "unauthenticated", message: `The proof of ${name} is worth nothing any more.` };
}

function lessFor({ name }: Identity): Failure {
  return { code: "forbidden", message: `${name} has lost a right; connect again for the others.` };
}
