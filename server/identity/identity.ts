// The clients of a server that have names, and how a server finds out which of them a client is.

import type { ClassName } from "../../protocol/spec.ts";

/** The lists of patterns in an identity. `*` in a pattern stands for any text. */
export type Grants = Readonly<Record<string, readonly string[] | undefined>>;

/** A client with a name, over all its connections, and its rights. It holds no secret. */
export interface Identity {
  /** Its name. */
  readonly name: string;
  /** Its roles: it may use the commands of a protocol that ask for one of them. */
  readonly roles: readonly string[];
  /** What else it may do, as handlers understand it: for the queue `put`, `take`, `see`, `manage` and `keys`. */
  readonly grants: Grants;
  /** The end of its time, in ms since the Unix epoch. Default: none. */
  readonly until?: number;
  /** The most urgent class of its requests: those of a more urgent one wait in this one. Default: no bound. */
  readonly class?: ClassName;
  /** Its share beside other clients. Default 1. */
  readonly weight?: number;
  /** Its requests a second; a second's worth may come at once. More are refused with `quota`. Default: no bound. */
  readonly rate?: number;
  /**
   * Its requests that wait or run at once, those that wait for an event included. More are refused with `quota`. Default:
   * no bound.
   */
  readonly running?: number;
}

/** A proof of an identity, as a server keeps it for the time of a connection. It holds no secret. */
export interface Credential {
  /** The identity at the time of the proof. */
  readonly identity: Identity;
  /** The identity that the same proof has now; `undefined` where it is worth nothing any more. */
  renewed(): Identity | undefined;
}

/** A proof that is none. */
export interface NoCredential {
  /** The reason, for the log of the server only. */
  readonly why: string;
}

/** The certificate of a client, checked by TLS already. */
export interface ClientCertificate {
  /** The SHA-256 of its DER form, in hexadecimal digits; colons and case do not matter. */
  readonly fingerprint: string;
  /** The subject alternative names, as OpenSSL writes them: `DNS:worker.example.org`, `URI:spiffe://example.org/worker`. */
  readonly sans: readonly string[];
}

/**
 * The identities that a server knows. `identitiesFile` reads them from a file; another source, such as a directory of a
 * company, implements this interface.
 *
 * Every method takes the same time whatever is wrong, and holds no secret longer than it runs.
 */
export interface Identities {
  /** The identity that a token proves. */
  authenticate(token: string): Credential | NoCredential;
  /** The identity that a certificate proves. Default: none does. */
  forCertificate?(certificate: ClientCertificate): Credential | NoCredential;
  /** The identity of this name, for clients that need not prove it; `undefined` where there is none. */
  named(name: string): Credential | undefined;
  /**
   * Calls `action` after each change of identities, and when the time of one is over. The function returned ends that.
   */
  watch(action: () => void): () => void;
}

/** The name of the identity of clients that prove none, where a server has it. */
export const ANONYMOUS = "anonymous";

/** Whether `after` has every right of `before`. */
export function keepsRights(before: Identity, after: Identity): boolean {
  if (before.name !== after.name) return false;
  if (before.roles.some((role) => !after.roles.includes(role))) return false;
  const names = new Set([...Object.keys(before.grants), ...Object.keys(after.grants)]);
  for (const name of names) {
    // Without keys, an identity has all of them; without another list, nothing.
    const missing = name === "keys" ? ["*"] : [];
    const had = before.grants[name] ?? missing;
    const has = after.grants[name] ?? missing;
    if (!has.includes("*") && had.some((pattern) => !has.includes(pattern))) return false;
  }
  return true;
}
