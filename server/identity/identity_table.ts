// Identities in memory, and what proves each of them.

import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import type {
  ClientCertificate,
  Credential,
  Identities,
  Identity,
  NoCredential,
} from "./identity.ts";
import { IdentityError, type IdentityRecord } from "./identity_line.ts";
import { digestOf } from "./token.ts";

/** Compared with the hash of a token that nobody has, so that this takes as long as a comparison that succeeds. */
const NOBODY_HASH = digestOf("nobody");

const UNKNOWN: NoCredential = { why: "no identity has this token" };
const NO_CERTIFICATE: NoCredential = { why: "no identity has this certificate" };

/** Identities that are replaced as a whole. */
export class IdentityTable implements Identities {
  #named: ReadonlyMap<string, IdentityRecord> = new Map();
  /** By the hexadecimal digits of the hash: who knows no token learns nothing from the time of a look-up. */
  #byHash: ReadonlyMap<string, { readonly hash: Buffer; readonly record: IdentityRecord }> =
    new Map();
  #byCertificate: ReadonlyMap<string, IdentityRecord> = new Map();
  readonly #watchers = new Set<() => void>();
  readonly #now: () => number;

  /** Starts without identities. `now` is the time in ms since the Unix epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** All identities, by name. */
  get records(): ReadonlyMap<string, IdentityRecord> {
    return this.#named;
  }

  /** Replaces all identities, or none: throws `IdentityError` where two have the same name, token or certificate. */
  replace(records: readonly IdentityRecord[]): void {
    const named = new Map<string, IdentityRecord>();
    const byHash = new Map<string, { hash: Buffer; record: IdentityRecord }>();
    const byCertificate = new Map<string, IdentityRecord>();
    for (const record of records) {
      const { identity: { name }, tokens, certificates } = record;
      if (named.has(name)) throw new IdentityError(`there are two identities ${name}`);
      named.set(name, record);
      for (const token of tokens) {
        const digits = token.slice("sha256:".length);
        const other = byHash.get(digits);
        if (other !== undefined) throw sameProof("token", other.record, record);
        byHash.set(digits, { hash: Buffer.from(digits, "hex"), record });
      }
      for (const certificate of certificates) {
        const key = certificateKey(certificate);
        const other = byCertificate.get(key);
        if (other !== undefined) throw sameProof("certificate", other, record);
        byCertificate.set(key, record);
      }
    }
    this.#named = named;
    this.#byHash = byHash;
    this.#byCertificate = byCertificate;
    this.tell();
  }

  /** Calls all watchers: identities have changed, or the time of one is over. */
  tell(): void {
    for (const action of this.#watchers) action();
  }

  authenticate(token: string): Credential | NoCredential {
    const hash = digestOf(token);
    const digits = hash.toString("hex");
    const find = (): IdentityRecord | undefined => {
      const entry = this.#byHash.get(digits);
      const isSame = timingSafeEqual(hash, entry?.hash ?? NOBODY_HASH);
      return isSame ? entry?.record : undefined;
    };
    return this.#credential(find, UNKNOWN);
  }

  forCertificate({ fingerprint, sans }: ClientCertificate): Credential | NoCredential {
    const keys = [`sha256:${fingerprint.replaceAll(":", "")}`, ...sans].map(certificateKey);
    return this.#credential(() => {
      for (const key of keys) {
        const record = this.#byCertificate.get(key);
        if (record !== undefined) return record;
      }
    }, NO_CERTIFICATE);
  }

  named(name: string): Credential | undefined {
    const credential = this.#credential(() => this.#named.get(name), UNKNOWN);
    return "identity" in credential ? credential : undefined;
  }

  watch(action: () => void): () => void {
    // Two watchers may be the same function.
    const own = (): void => action();
    this.#watchers.add(own);
    return () => this.#watchers.delete(own);
  }

  #credential(
    find: () => IdentityRecord | undefined,
    unknown: NoCredential,
  ): Credential | NoCredential {
    const identity = find()?.identity;
    const isOver = this.#isOver(identity);
    if (identity === undefined) return unknown;
    if (isOver) return { why: `the time of ${identity.name} is over` };
    const renewed = (): Identity | undefined => {
      const now = find()?.identity;
      return this.#isOver(now) ? undefined : now;
    };
    return { identity, renewed };
  }

  #isOver(identity: Identity | undefined): boolean {
    return this.#now() >= (identity?.until ?? Infinity);
  }
}

function sameProof(
  proof: string,
  { identity: a }: IdentityRecord,
  { identity: b }: IdentityRecord,
) {
  const whose = a.name === b.name ? `${a.name} has a ${proof} twice` : undefined;
  return new IdentityError(whose ?? `${a.name} and ${b.name} have the same ${proof}`);
}

/** Names of DNS and fingerprints have no case. */
function certificateKey(text: string): string {
  return /^(?:DNS|sha256):/i.test(text) ? text.toLowerCase() : text;
}
