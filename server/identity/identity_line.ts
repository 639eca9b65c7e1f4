// One line of a file of identities: a JSON object, checked member by member.

import { closestString } from "@std/text/closest-string";
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { classes, type ClassName } from "../../protocol/spec.ts";
import { ANONYMOUS, type Identity } from "./identity.ts";
import { IDENTITY_NAME_RULE, isIdentityName, isTokenHash } from "./token.ts";

/** An identity and what proves it. */
export interface IdentityRecord {
  readonly identity: Identity;
  /** The hashes of its tokens, at most two, the latest first: `sha256:` and hexadecimal digits. */
  readonly tokens: readonly string[];
  /** Its certificates: `sha256:` and a fingerprint, or a subject alternative name such as `DNS:worker.example.org`. */
  readonly certificates: readonly string[];
}

/** A line that is no identity. The message says what is wrong, and what would be right. */
export class IdentityError extends Error {
  /** The name of the class. */
  override readonly name = "IdentityError";
}

/** The most tokens of an identity: one, and the one before it while it is exchanged. */
export const MOST_TOKENS = 2;
const MOST_PATTERNS = 1000, LONGEST_PATTERN = 256;
const LEAST_WEIGHT = 0.001, MOST_WEIGHT = 1000, MOST_RATE = 1e6, MOST_RUNNING = 1e6;

/** The lists of patterns that an identity may have, each with what it allows. */
export const GRANTS = {
  put: "the queues into which it may put jobs",
  take: "the queues whose jobs it may take and finish",
  see: "the queues that it may look at",
  manage: "the queues that it may limit, pause and purge",
  keys: "the keys to which all of this is limited; without it, all keys",
} as const;

type Reader = (value: unknown, name: string) => unknown;

/** How each member is read. A reader throws `IdentityError` with what would be right. */
const readers: Readonly<Record<string, Reader>> = {
  name: (value) => {
    if (typeof value === "string" && isIdentityName(value)) return value;
    throw wrong("name", IDENTITY_NAME_RULE, value);
  },
  tokens: (value) => {
    const right = `at most ${MOST_TOKENS} hashes, each "sha256:" and 64 hexadecimal digits`;
    // The message must not repeat the value: it could be a token that was put here by mistake.
    if (!isTexts(value) || value.length > MOST_TOKENS || !value.every(isTokenHash)) {
      throw new IdentityError(`tokens must be ${right}; "lineup token" writes them`);
    }
    return value;
  },
  certificates: (value, name) => {
    if (isTexts(value) && value.length <= MOST_PATTERNS && value.every(isCertificate)) return value;
    const forms = '"sha256:" and a fingerprint, or "DNS:", "URI:", "IP:" or "email:" and a name';
    throw wrong(name, `a list of certificates, each ${forms}`, value);
  },
  until: (value, name) => {
    const time = typeof value === "string" ? timeOf(value) : NaN;
    if (Number.isNaN(time)) throw wrong(name, 'a time such as "2027-01-31T00:00:00Z"', value);
    return time;
  },
  roles: patterns,
  put: patterns,
  take: patterns,
  see: patterns,
  manage: patterns,
  keys: patterns,
  class: (value, name) => {
    if (classes.includes(value as ClassName)) return value;
    throw wrong(name, `one of ${classes.join(", ")}`, value);
  },
  weight: (value, name) => number(value, name, LEAST_WEIGHT, MOST_WEIGHT),
  rate: (value, name) => number(value, name, LEAST_WEIGHT, MOST_RATE),
  running: (value, name) => {
    if (Number.isInteger(value)) return number(value, name, 1, MOST_RUNNING);
    throw wrong(name, "a whole number", value);
  },
};

/** The members of a line. */
export const MEMBERS: readonly string[] = Object.keys(readers);

const TIME = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;
const CERTIFICATE = /^(?:sha256:[0-9a-f]{64}|(?:DNS|URI|IP|email):[^\s,]{1,500})$/;

/** Reads a line. Throws `IdentityError`. */
export function readIdentity(line: string): IdentityRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The error of JSON.parse quotes the text.
    throw new IdentityError('it is no JSON; an identity is one line such as {"name":"acme"}');
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new IdentityError(
      'it is no JSON object; an identity is one line such as {"name":"acme"}',
    );
  }
  const twice = repeatedMember(line);
  if (twice !== undefined) throw new IdentityError(`it has the member ${shown(twice)} twice`);
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(readers, name)) continue;
    throw new IdentityError(`it has an unknown member ${shown(name)}; ${nearest(name)}`);
  }
  const given = value as Readonly<Record<string, unknown>>;
  const read = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, readers[name](value, name)]),
  ) as Record<string, never>;
  if (read.name === undefined) throw new IdentityError(`it has no name: ${IDENTITY_NAME_RULE}`);
  const { name, tokens = [], certificates = [], roles = [], until, ...more } = read;
  if (name === ANONYMOUS && tokens.length + certificates.length > 0) {
    throw new IdentityError(`${ANONYMOUS} is for clients that prove nothing: it has no tokens`);
  }
  const { class: least, weight, rate, running, ...grants } = more as Record<string, never>;
  const identity = { name, roles, grants, until, class: least, weight, rate, running };
  return { identity: deepFrozen(identity), tokens, certificates };
}

/** The first member that an object in JSON has twice: of these, JSON.parse tells only the last. */
function repeatedMember(json: string): string | undefined {
  const names = new Set<string>();
  let depth = 0;
  for (const [token, text, colon] of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g)) {
    if (text === undefined) depth += token === "{" || token === "[" ? 1 : -1;
    if (depth !== 1 || colon === undefined) continue;
    const name = JSON.parse(text);
    if (names.has(name)) return name;
    names.add(name);
  }
}

/** Writes a record as a line, without its end. */
export function writeIdentity({ identity, tokens, certificates }: IdentityRecord): string {
  const { name, roles, grants, until, class: least, weight, rate, running } = identity;
  return JSON.stringify({
    name,
    tokens: someOf(tokens),
    certificates: someOf(certificates),
    until: until === undefined ? undefined : new Date(until).toISOString(),
    roles: someOf(roles),
    ...grants,
    class: least,
    weight,
    rate,
    running,
  });
}

/** The end of a sentence about an unknown member: the one that is nearest, or all. */
function nearest(name: string): string {
  const text = name.slice(0, 100);
  const closest = closestString(text, [...MEMBERS]);
  const isFar = levenshteinDistance(text, closest) > Math.max(2, closest.length / 2);
  return isFar ? `its members are ${MEMBERS.join(", ")}` : `did you mean ${closest}?`;
}

function someOf(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list;
}

function patterns(value: unknown, name: string): readonly string[] {
  const isList = isTexts(value) && value.length <= MOST_PATTERNS;
  if (isList && value.every((each) => each.length <= LONGEST_PATTERN && /^\S+$/u.test(each))) {
    return value;
  }
  const right = name === "roles"
    ? 'a list of words, such as ["operator"]'
    : 'a list of names, in which * stands for any text, such as ["mail.*"]';
  throw wrong(name, right, value);
}

function number(value: unknown, name: string, least: number, most: number): number {
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw wrong(name, `a number from ${least} to ${most}`, value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

/** The time of a text, in ms since the Unix epoch; NaN if it is none. Date.parse makes March 3 of February 31. */
function timeOf(text: string): number {
  const day = TIME.exec(text)?.[1];
  if (day === undefined) return NaN;
  const midnight = Date.parse(`${day}T00:00:00Z`);
  const exists = !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day);
  return exists ? Date.parse(text) : NaN;
}

function isCertificate(text: string): boolean {
  return CERTIFICATE.test(text);
}

function wrong(name: string, right: string, value: unknown): IdentityError {
  return new IdentityError(`${name} must be ${right}, not ${shown(value)}`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}

function deepFrozen<T extends object>(value: T): T {
  for (const each of Object.values(value)) {
    if (typeof each === "object" && each !== null) deepFrozen(each);
  }
  return Object.freeze(value);
}
