// Tokens: 256 random bits in a form that scanners for secrets find, and the hashes that servers keep of them.

import type { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** The lengths in base62 of 256 bits, and of a checksum of 32 bits. */
const SECRET_LENGTH = 43, CHECKSUM_LENGTH = 6;
const NAME = /^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/;
const TOKEN = /^lineup_[A-Za-z0-9][A-Za-z0-9.-]{0,63}_[0-9A-Za-z]{49}$/;
const HASH = /^sha256:[0-9a-f]{64}$/;

/** How the name of an identity is written. */
export const IDENTITY_NAME_RULE =
  'a letter or a digit, then at most 63 letters, digits, "." or "-"';

/** Whether a text can be the name of an identity. */
export function isIdentityName(text: string): boolean {
  return NAME.test(text);
}

/** A new token for an identity: `lineup_NAME_`, 43 digits of base62 for 256 random bits, and 6 for their checksum. */
export function newToken(name: string): string {
  const secret = BigInt(`0x${randomBytes(32).toString("hex")}`);
  const body = `lineup_${name}_${base62(secret, SECRET_LENGTH)}`;
  return body + checksumOf(body);
}

/** Whether a text is a whole token: a letter that is missing or wrong shows in the checksum. */
export function isWholeToken(text: string): boolean {
  if (!TOKEN.test(text)) return false;
  const body = text.slice(0, -CHECKSUM_LENGTH);
  return text === body + checksumOf(body);
}

/** The hash of a token, as a file of identities keeps it: `sha256:` and 64 hexadecimal digits. */
export function hashOfToken(token: string): string {
  return `sha256:${digestOf(token).toString("hex")}`;
}

/** Whether a text is a hash as `hashOfToken` makes it. */
export function isTokenHash(text: string): boolean {
  return HASH.test(text);
}

/** The bytes of the hash of a token. */
export function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function checksumOf(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM_LENGTH);
}

function base62(value: bigint, length: number): string {
  let digits = "";
  for (let rest = value; digits.length < length; rest /= 62n) {
    digits = DIGITS[Number(rest % 62n)] + digits;
  }
  return digits;
}
