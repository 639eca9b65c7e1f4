import { assertEquals } from "@std/assert";
import { binary } from "../../examples/memcached_subject.ts";
import type { RawClient } from "../../raw_client.ts";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { startExample, startOriginal } from "./servers.ts";

const REQUESTS = 3000 * LONG;
const HEADER = 24;
const NOOP = 0x0a;

const number = (value: number, size: number): number[] =>
  Array.from({ length: size }, (_, at) => Math.floor(value / 256 ** (size - 1 - at)) & 255);

/** Opcodes by the extras that they take. */
// deno-fmt-ignore
const KINDS = {
  none: [0x00, 0x09, 0x0c, 0x0d, 0x04, 0x14],
  joins: [0x0e, 0x0f, 0x19, 0x1a],
  stores: [0x01, 0x02, 0x03, 0x11, 0x12, 0x13],
  counts: [0x05, 0x06, 0x15, 0x16],
  times: [0x1c, 0x1d, 0x1e, 0x23, 0x24],
};

/** A random request, with the number of an item that may be the right one. */
function request(random: () => number, cas: number): Uint8Array {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)];
  const key = pick(["a", "b", "num", "k".repeat(250)]);
  const value = pick(["", "5", "99", "abc", "x".repeat(300)]);
  const exptime = number(pick([0, 0, 1000, 2_592_001]), 4);
  const kind = pick(Object.keys(KINDS) as (keyof typeof KINDS)[]);
  const opcode = pick(KINDS[kind]);
  const bytes = kind === "none"
    ? binary(opcode, { key })
    : kind === "joins"
    ? binary(opcode, { key, value })
    : kind === "stores"
    ? binary(opcode, { extras: [...number(pick([0, 7]), 4), ...exptime], key, value })
    : kind === "times"
    ? binary(opcode, { extras: exptime, key })
    : binary(opcode, {
      extras: [
        ...number(pick([1, 5, 90]), 8),
        ...number(13, 8),
        ...pick([number(0, 4), number(1000, 4), [255, 255, 255, 255]]),
      ],
      key: "num",
    });
  if (random() < 0.2 && kind !== "none") {
    bytes.set(number(Math.max(1, cas - pick([0, 1, 2])), 8), 16);
  }
  return bytes;
}

/** Sends a request, and NOOP behind it. Resolves with the answers before that of NOOP, as text. */
async function ask(wire: RawClient, bytes: Uint8Array): Promise<string[]> {
  await wire.send(bytes, binary(NOOP));
  const answers: string[] = [];
  for (;;) {
    const header = await wire.bytes(HEADER);
    const body = await wire.bytes(new DataView(header.buffer, header.byteOffset).getUint32(8));
    if (header[1] === NOOP) return answers;
    answers.push(`${[...header].join(" ")} | ${String.fromCharCode(...body)}`);
  }
}

Deno.test(`memcached and the example answer ${REQUESTS} random binary requests alike (LINEUP_SEED=${SEED})`, async () => {
  await using original = await startOriginal();
  await using example = await startExample();
  using theirs = await original.connect();
  using ours = await example.connect();
  const random = seededRandom(SEED);
  let cas = 1;
  // Nothing here makes a number shorter: the original pads it, unless another thread looks at its item.
  for (let n = 0; n < REQUESTS; n++) {
    const bytes = request(random, cas);
    const expected = await ask(theirs, bytes);
    assertEquals(await ask(ours, bytes), expected, `${n}: ${bytes.subarray(0, 60)}`);
    const numbers = expected[0]?.split(" ").slice(16, HEADER).map(Number) ?? [];
    cas = numbers.reduce((sum, byte) => 256 * sum + byte, 0) || cas;
    if (bytes[1] === 0x06 || bytes[1] === 0x16) {
      const renew = binary(0x01, { extras: number(0, 8), key: "num", value: "10" });
      assertEquals(await ask(ours, renew), await ask(theirs, renew));
    }
  }
});
