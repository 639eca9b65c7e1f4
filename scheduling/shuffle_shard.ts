/** The secret that keeps a client from choosing its hash: two 32-bit words. */
export type HashKey = readonly [number, number];

const utf8 = new TextEncoder();

/**
 * HalfSipHash-2-4 with 64 bits of output: a keyed hash of 32-bit operations, whose collisions nobody finds without the
 * key. Reference: HalfSipHash by Aumasson and Bernstein.
 *
 * @param text a text, hashed as UTF-8, or bytes
 * @param key the secret
 * @returns the hash as two unsigned 32-bit words, the low one first
 *
 * @example
 * ```ts
 * import { halfSipHash } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * // The first published test vector: no bytes, the key 00 01 .. 07.
 * assertEquals(halfSipHash("", [0x03020100, 0x07060504]), [0x591f8d21, 0xc83cb8b9]);
 * ```
 */
export function halfSipHash(text: string | Uint8Array, key: HashKey): [number, number] {
  const bytes = typeof text === "string" ? utf8.encode(text) : text;
  let v0 = key[0];
  let v1 = key[1] ^ 0xee;
  let v2 = key[0] ^ 0x6c796765;
  let v3 = key[1] ^ 0x74656462;

  const rounds = (count: number): void => {
    for (; count > 0; count--) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
  };
  const take = (word: number): void => {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  };

  const whole = bytes.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    take(bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24));
  }
  let last = bytes.length << 24;
  for (let i = whole; i < bytes.length; i++) last |= bytes[i] << (8 * (i - whole));
  take(last);
  v2 ^= 0xee;
  rounds(4);
  const low = (v1 ^ v3) >>> 0;
  v1 ^= 0xdd;
  rounds(4);
  return [low, (v1 ^ v3) >>> 0];
}

/** Draws a secret from `random`, a source of numbers from 0 to 1, 1 excluded. */
export function drawHashKey(random: () => number): HashKey {
  return [Math.floor(random() * 2 ** 32) | 0, Math.floor(random() * 2 ** 32) | 0];
}

/**
 * The queues that a client may use (shuffle sharding): `hand` different ones of `deck`, always the same for one client.
 *
 * Two clients seldom share their whole hand. So a client that fills its queues leaves almost every other client a free
 * one. 128 and 6 are the defaults of Kubernetes' API Priority and Fairness: with 4 flooders, a client finds all of its
 * queues full with a probability of 1.6e-5.
 *
 * @param client the name of the client
 * @param key the secret of the hash
 * @param deck how many queues there are (default 128)
 * @param hand how many of them a client gets (default 6)
 * @returns numbers from 0 to `deck` - 1, all different
 * @throws {RangeError} if a hash of 53 bits cannot deal such a hand evenly
 *
 * @example
 * ```ts
 * import { dealHand, drawHashKey } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * const key = drawHashKey(Math.random);
 * const hand = dealHand("192.0.2.7/32", key);
 * assertEquals(new Set(hand).size, 6);
 * assertEquals(dealHand("192.0.2.7/32", key), hand);
 * ```
 */
export function dealHand(
  client: string,
  key: HashKey,
  deck: number = 128,
  hand: number = 6,
): number[] {
  let hands = 1;
  for (let i = 0; i < hand; i++) hands *= deck - i;
  // With 2^8 hashes for each hand, the chances of any two hands differ by less than 1 %.
  if (!(hand >= 1 && hand <= deck && hands <= 2 ** 45)) {
    throw new RangeError(`cannot deal ${hand} of ${deck}`);
  }
  const [low, high] = halfSipHash(client, key);
  let rest = high * 2 ** 21 + (low >>> 11);
  const left = Array.from({ length: deck }, (_, i) => i);
  const cards: number[] = [];
  for (let i = 0; i < hand; i++) {
    const size = deck - i;
    const at = rest % size;
    rest = Math.floor(rest / size);
    cards.push(left[at]);
    left[at] = left[size - 1];
  }
  return cards;
}
