import { assert, assertEquals } from "@std/assert";
import { createReceiveBuffer } from "../../net/receive_buffer.ts";
import { SEED, seededRandom } from "../seeded_random.ts";

Deno.test("a receive buffer returns the bytes in order for any cuts, and asks to pause and to resume", async () => {
  const random = seededRandom(SEED);
  const below = (limit: number): number => Math.floor(random() * limit);
  let paused = false;
  let changes = 0;
  const change = (to: boolean) => (): void => {
    assert(paused !== to, "each is asked for once");
    paused = to;
    changes++;
  };
  const received = createReceiveBuffer(50_000, change(true), change(false));
  let [came, gone] = [0, 0];
  for (let step = 0; step < 5_000; step++) {
    // Some bytes are on their way when it asks to pause.
    if (random() < (paused ? 0.3 : 0.95)) {
      const size = random() < 0.7 ? 1 + below(5) : below(5_000);
      received.push(Uint8Array.from({ length: size }, () => came++ & 0xff));
    } else if (received.held > 0) {
      const buffer = new Uint8Array(1 + below(random() < 0.5 ? 10 : 20_000));
      const read = await received.read(buffer);
      for (const byte of buffer.subarray(0, read!)) assertEquals(byte, gone++ & 0xff);
    }
    assertEquals(received.held, came - gone);
  }
  received.end();
  for (let read; (read = await received.read(new Uint8Array(65_536))) !== null;) gone += read;
  assertEquals(gone, came);
  assert(changes > 20, `${changes} pauses and ends`);
});

Deno.test("bytes that come one by one take about as much of a receive buffer as bytes that come together", async () => {
  const count = 200_000;
  const program = `
    import { createReceiveBuffer } from "${
    new URL("../../net/receive_buffer.ts", import.meta.url).href
  }";
    const held = () => (gc(), gc(), Deno.memoryUsage().heapUsed + Deno.memoryUsage().external);
    const received = createReceiveBuffer(Infinity, () => {});
    const before = held();
    for (let i = 0; i < ${count}; i++) received.push(Uint8Array.of(i));
    console.log(held() - before, received.held);
  `;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--v8-flags=--expose-gc", program],
    stderr: "inherit",
  }).output();
  const [taken, held] = new TextDecoder().decode(stdout).trim().split(" ").map(Number);
  assertEquals(held, count);
  assert(taken < 4 * count, `${taken} bytes`);
});
