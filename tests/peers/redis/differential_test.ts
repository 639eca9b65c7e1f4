// The example beside Debian's redis-server: the same bytes, the same replies.

import { assertEquals } from "@std/assert";
import { holdsElsewhere } from "../../elsewhere.ts";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { Dialogue, framed } from "./dialogue.ts";
import { DIFFERENCES, RAW_DIFFERENCES, VARYING } from "./differences.ts";
import { generatedSession } from "./generated.ts";
import { BLOCKING, RAW, SCRIPTED } from "./sessions.ts";
import { type RedisProcess, startExample, startRedis } from "./servers.ts";

/** The sessions from the seed. LINEUP_LONG makes it more. */
const GENERATED = 500 * LONG;

/** The replies of a server to a session: as many as its requests. The keys are removed before. */
async function repliesOf(
  port: number,
  requests: readonly (readonly string[])[],
): Promise<string[]> {
  using dialogue = await Dialogue.open(port);
  await dialogue.send(framed(["FLUSHALL"]) + requests.map(framed).join(""));
  const [, ...replies] = await dialogue.frames(requests.length + 1);
  return replies.map((reply, i) => masked(requests[i].join(" "), reply));
}

/** A reply without the parts that vary. */
function masked(request: string, reply: string): string {
  for (const [requests, part] of VARYING) {
    if (requests.test(request)) reply = reply.replace(part, ":N\r");
  }
  return reply;
}

/** The requests with replies of both servers that differ. */
async function differing(
  ours: RedisProcess,
  theirs: RedisProcess,
  requests: readonly (readonly string[])[],
): Promise<string[]> {
  const [own, expected] = await Promise.all(
    [ours, theirs].map(({ port }) => repliesOf(port, requests)),
  );
  return requests.flatMap((words, i) =>
    own[i] === expected[i] ? [] : [JSON.stringify({ words, ours: own[i], theirs: expected[i] })]
  );
}

/** All that a server answers to some bytes. */
async function rawReply(port: number, input: string): Promise<string> {
  using dialogue = await Dialogue.open(port);
  await dialogue.send(input);
  await dialogue.half();
  return (await dialogue.rest()).join("");
}

Deno.test("the example answers the scripted sessions as redis-server does", async () => {
  await using ours = await startExample();
  await using theirs = await startRedis();
  const all: string[] = [];
  for (const { requests } of SCRIPTED) {
    all.push(...await differing(ours, theirs, requests));
    const resp3 = await differing(ours, theirs, [["HELLO", "3"], ...requests]);
    all.push(...resp3.filter((each) => !each.startsWith('{"words":["HELLO","3"]')));
  }
  assertEquals(all, []);
});

Deno.test("the example answers raw bytes as redis-server does, and ends the same connections", async () => {
  await using ours = await startExample();
  await using theirs = await startRedis();
  const all: string[] = [];
  for (const input of RAW) {
    const [own, expected] = await Promise.all(
      [ours, theirs].map(({ port }) => rawReply(port, input)),
    );
    if (own !== expected) all.push(JSON.stringify({ input, ours: own, theirs: expected }));
  }
  assertEquals(all, []);
});

Deno.test("clients that wait for elements are served as by redis-server", async () => {
  await using ours = await startExample();
  await using theirs = await startRedis();
  for (const { name, steps } of BLOCKING) {
    const [own, expected] = await Promise.all([ours, theirs].map(({ port }) => play(port, steps)));
    assertEquals([name, own], [name, expected]);
  }
});

/** Plays steps of several clients on a server. Returns the replies to each client. */
async function play(port: number, steps: (typeof BLOCKING)[number]["steps"]): Promise<string[][]> {
  using asking = await Dialogue.open(port);
  const clients = new Map<number, Dialogue>();
  await asking.send(framed(["FLUSHALL"]));
  await asking.frames(1);
  let blocked = 0;
  const counts = new Map<number, number>();
  try {
    for (const [client, request, waiting = blocked] of steps) {
      if (!clients.has(client)) clients.set(client, await Dialogue.open(port));
      const dialogue = clients.get(client)!;
      if (request === "leave") {
        dialogue[Symbol.dispose]();
        clients.delete(client);
      } else {
        await dialogue.send(framed(request.split(" ")));
        counts.set(client, (counts.get(client) ?? 0) + 1);
      }
      blocked = waiting;
      await holdsElsewhere(async () => {
        await asking.send(framed(["INFO", "clients"]));
        const [reply] = await asking.frames(1);
        return reply.includes(`blocked_clients:${blocked}\r\n`);
      }, `${blocked} clients wait behind ${request}`);
    }
    const replies: string[][] = [];
    for (const [client, dialogue] of clients) {
      replies.push(await dialogue.frames(counts.get(client)!));
    }
    return replies;
  } finally {
    for (const dialogue of clients.values()) dialogue[Symbol.dispose]();
  }
}

Deno.test(`the example answers ${GENERATED} sessions from a seed as redis-server does (LINEUP_SEED=${SEED})`, async () => {
  await using ours = await startExample();
  await using theirs = await startRedis();
  for (let n = 0; n < GENERATED; n++) {
    const requests = generatedSession(seededRandom(SEED * 1_000_003 + n));
    assertEquals([n, await differing(ours, theirs, requests)], [n, []]);
  }
});

Deno.test("the example differs from redis-server where it means to, and nowhere else", async (t) => {
  await using example = await startExample();
  await using original = await startRedis();
  for (const { requests, ours, theirs, reason } of DIFFERENCES) {
    await t.step(`${requests.at(-1)}: ${reason}`, async () => {
      const words = requests.map((request) => request.split(" "));
      assertEquals((await repliesOf(example.port, words)).at(-1), ours);
      assertEquals((await repliesOf(original.port, words)).at(-1), theirs);
    });
  }
  for (const { input, ours, theirs, reason } of RAW_DIFFERENCES) {
    await t.step(`${JSON.stringify(input)}: ${reason}`, async () => {
      assertEquals(await rawReply(example.port, input), ours);
      assertEquals(await rawReply(original.port, input), theirs);
    });
  }
});

Deno.test("a scan of the example finds the same keys as one of redis-server", async () => {
  await using ours = await startExample();
  await using theirs = await startRedis();
  const keys = Array.from({ length: 500 }, (_, i) => `key:${i}`);
  const [own, expected] = await Promise.all([ours, theirs].map(async ({ port }) => {
    using dialogue = await Dialogue.open(port);
    await dialogue.send(framed(["MSET", ...keys.flatMap((key) => [key, "v"])]));
    await dialogue.frames(1);
    const found = new Set<string>();
    let cursor = "0";
    do {
      await dialogue.send(framed(["SCAN", cursor, "MATCH", "key:*[13579]", "COUNT", "17"]));
      const lines = (await dialogue.frames(1))[0].split("\r\n");
      cursor = lines[2];
      for (const line of lines.slice(4)) if (line.startsWith("key:")) found.add(line);
    } while (cursor !== "0");
    return [...found].sort();
  }));
  assertEquals(own, expected);
});
