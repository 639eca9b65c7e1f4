import { assertEquals } from "@std/assert";
import { matches } from "../../../dialects/answer_pattern.ts";
import type { RawClient } from "../../raw_client.ts";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { differences } from "./differences.ts";
import { type CacheServer, startExample, startOriginal } from "./servers.ts";
import { request, type Session } from "./sessions.ts";

const REQUESTS = 6000 * LONG;
const A_CONNECTION = 50;

/** Sends requests and `mn` behind them. Resolves with the answer up to MN, or to the end of the connection. */
async function ask(
  wire: RawClient,
  bytes: Uint8Array,
  cuts: readonly number[] = [],
): Promise<string> {
  let from = 0;
  for (const cut of cuts) {
    await wire.send(bytes.subarray(from, cut));
    from = cut;
  }
  // The server may have ended the connection.
  await wire.send(bytes.subarray(from), "mn\r\n").catch(() => {});
  let answer = "";
  try {
    while (!answer.endsWith("MN\r\n")) answer += await wire.rawLine();
  } catch (error) {
    if (!wire.ended && !/reset|closed/i.test(String(error))) throw error;
  }
  return answer;
}

const encoder = new TextEncoder();
const LONG_GET = /^get.*k{251}/;

for (const { reason, send, theirs, ours } of differences) {
  Deno.test(`memcached differs on purpose for ${JSON.stringify(send.slice(0, 40))}: ${reason}`, async () => {
    await using original = await startOriginal();
    await using example = await startExample();
    for (const [server, expected] of [[original, theirs], [example, ours]] as const) {
      using wire = await server.connect();
      const answer = await ask(wire, encoder.encode(send));
      if (!matches(answer, expected)) assertEquals(answer, expected);
    }
  });
}

/** An answer without what depends on the second in which it is made. */
function steady(answer: string): string {
  return answer.replace(/ t(?:9\d\d|1000|\d{8,})(?=[ \r])/g, " t<n>");
}

Deno.test(`memcached and the example answer ${REQUESTS} random requests alike (LINEUP_SEED=${SEED})`, async () => {
  await using original = await startOriginal();
  await using example = await startExample();
  const session: Session = { random: seededRandom(SEED), cas: 1 };
  const random = session.random;
  for (let done = 0; done < REQUESTS;) {
    using theirs = await original.connect();
    using ours = await example.connect();
    for (let n = 0; n < A_CONNECTION; n++) {
      // Some requests come together, cut anywhere.
      const count = random() < 0.8 ? 1 : Math.ceil(random() * 8);
      let text = "";
      for (let i = 0; i < count; i++) {
        const next = request(session);
        // See `differences`: the original drops the answers before this one.
        if (count === 1 || !LONG_GET.test(next)) text += next;
      }
      const bytes = encoder.encode(text);
      const cuts = random() < 0.2 ? [Math.floor(random() * bytes.length)] : [];
      done += count;
      const expected = steady(await ask(theirs, bytes));
      assertEquals(
        steady(await ask(ours, bytes, cuts)),
        expected,
        `${done}: ${JSON.stringify(text)}`,
      );
      const seen = /^VALUE \S+ \d+ \d+ (\d+)\r$|^(?:HD|VA).* c(\d+)/m.exec(expected);
      if (seen !== null) session.cas = Number(seen[1] ?? seen[2]) || session.cas;
    }
  }
  assertEquals(await counts(example), await counts(original));
});

/** The counts of a server that both have. The original counts a flush_all with a wrong time, too. */
async function counts(server: CacheServer): Promise<Record<string, string>> {
  using wire = await server.connect();
  await wire.send("stats\r\n");
  const found: Record<string, string> = {};
  for (let line; (line = await wire.line()) !== "END";) {
    const [, name, value] = line.split(" ");
    if (/^(?:cmd|get|delete|incr|decr|cas|touch)_(?!expired|flush|meta)/.test(name)) {
      found[name] = value;
    }
  }
  return found;
}

const LARGEST = 2 ** 20;

/** Requests that both answer alike. */
const SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  "values that are too large": [
    "set a 0 0 1\r\nx\r\n",
    // The longest item: 59 bytes of a header, a key of 1 byte.
    `set a 0 0 ${LARGEST - 60}\r\n${"x".repeat(LARGEST - 60)}\r\n`,
    "mg a s\r\n",
    "append a 0 0 1\r\ny\r\n",
    `set a 0 0 ${LARGEST - 59}\r\n${"x".repeat(LARGEST - 59)}\r\n`,
    "mg a s\r\n",
    `set b 1 0 ${LARGEST - 60}\r\n${"x".repeat(LARGEST - 60)}\r\n`,
    `add b 0 0 2000000 noreply\r\n${"x".repeat(2_000_000)}\r\n`,
    `ms b 2000000 k\r\n${"x".repeat(2_000_000)}\r\n`,
  ],
  "numbers that get longer, wrap, and end at 0": [
    "set n 3 0 2\r\n99\r\nmg n h\r\nmg n h\r\n",
    "incr n 1\r\n",
    "gets n\r\nmg n h\r\n",
    "incr n 18446744073709551615\r\n",
    "decr n 18446744073709551615\r\n",
    "set n 0 0 20\r\n18446744073709551615\r\nincr n 1\r\n",
    "set n 0 0 20\r\n18446744073709551616\r\nincr n 1\r\n",
  ],
  "tokens that are too long": [
    `mg a v O${"o".repeat(32)}\r\n`,
    `md a O${"o".repeat(32)}\r\n`,
    `ma a O${"o".repeat(32)}\r\n`,
    `mg a k O${"o".repeat(31)}\r\n`,
  ],
  "lines that end in LF": ["set a 0 0 1\nx\r\n", "get a\n", "mg a v\n", "delete a\n"],
};

for (const [name, requests] of Object.entries(SCRIPTS)) {
  Deno.test(`memcached and the example answer alike: ${name}`, async () => {
    await using original = await startOriginal();
    await using example = await startExample();
    using theirs = await original.connect();
    using ours = await example.connect();
    for (const request of requests) {
      const bytes = encoder.encode(request);
      assertEquals(await ask(ours, bytes), await ask(theirs, bytes), request.slice(0, 100));
    }
  });
}

Deno.test("an item that expires in a second is gone from memcached and from the example after 3 s", async () => {
  await using original = await startOriginal();
  await using example = await startExample();
  const talk = async (server: CacheServer): Promise<string> => {
    using wire = await server.connect();
    const before = await ask(wire, encoder.encode("set a 0 1 1\r\nx\r\nset b 0 100 1\r\nx\r\n"));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    return before + await ask(wire, encoder.encode("get a b\r\nadd a 0 0 1\r\ny\r\nget a\r\n"));
  };
  const [theirs, ours] = await Promise.all([original, example].map(talk));
  assertEquals(ours, theirs);
});
