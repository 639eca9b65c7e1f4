// Many large answers to the requests of one packet: a client that reads gets all of them, whatever the dialect.

import { assertEquals } from "@std/assert";
import { memoryStore } from "@lineup/lineup/queue";
import type { RawClient } from "../raw_client.ts";
import { openStage, type Stage } from "./beanstalkd/stage.ts";

const JOBS = 30, SIZE = 60_000;
const body = "x".repeat(SIZE);
/** Far fewer bytes than all answers have: a server that writes them all at once ends the connection. */
const server = { timeouts: { handshake: Infinity, idle: Infinity, outputHard: 4 * SIZE } };

/** A store that takes a turn for each commit, and one that takes none. */
const stores = {
  memory: memoryStore,
  "a slow store": () => {
    const store = memoryStore();
    return {
      ...store,
      commit: async (changes: Parameters<typeof store.commit>[0]) => {
        await new Promise((resolve) => setTimeout(resolve));
        await store.commit(changes);
      },
    };
  },
};

async function putJobs(stage: Stage): Promise<void> {
  const producer = stage.connect().listen();
  await producer.send(`use mail\r\nput 0 0 60 ${SIZE}\r\n${body}\r\n`);
  for (let n = 1; n < JOBS; n++) await producer.send(`put 0 0 60 ${SIZE}\r\n${body}\r\n`);
  await producer.seen(`INSERTED ${JOBS}\r\n`);
}

/** All that comes, while the clock of the server goes on. The client reads a little after the server has looked at it. */
async function received(stage: Stage, client: RawClient, size: number): Promise<string> {
  for (let n = 0; n < 20; n++) {
    await stage.clock.elapse(100);
    await new Promise((resolve) => setTimeout(resolve));
  }
  client.listen();
  for (let n = 0; n < 2000 && client.waiting < size && !client.ended; n++) {
    await stage.clock.elapse(1);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return client.take();
}

for (const [name, store] of Object.entries(stores)) {
  Deno.test(`a client of beanstalkd that reads gets all large answers (${name})`, async () => {
    await using stage = await openStage({ queue: { store: store() }, server });
    await putJobs(stage);
    const peeking = stage.connect();
    const found = `FOUND 1 ${SIZE}\r\n${body}\r\n`.repeat(JOBS);
    await peeking.send("peek 1\r\n".repeat(JOBS));
    assertEquals(await received(stage, peeking, found.length) === found, true, "peek");
    const worker = stage.connect();
    const reserved = Array.from(
      { length: JOBS },
      (_, n) => `RESERVED ${n + 1} ${SIZE}\r\n${body}\r\n`,
    ).join("") + "TIMED_OUT\r\n";
    await worker.send("watch mail\r\nignore default\r\n");
    await worker.lines(2);
    await worker.send("reserve-with-timeout 0\r\n".repeat(JOBS + 1));
    assertEquals(await received(stage, worker, reserved.length) === reserved, true, "reserve");
  });

  for (const tag of [false, true]) {
    const kind = tag ? "with tags" : "in order";
    Deno.test(`a client of Lineup/1 that reads gets all large answers ${kind} (${name})`, async () => {
      await using stage = await openStage({ queue: { store: store() }, server, ours: server });
      await putJobs(stage);
      const worker = await stage.lineup();
      const takes = Array.from(
        { length: JOBS },
        (_, n) => `${tag ? `#${n + 1} ` : ""}TAKE mail\n`,
      );
      await worker.send(takes.join(""));
      const text = await received(stage, worker, JOBS * (SIZE + 50));
      const jobs = [...text.matchAll(/\bid=([0-9]+) .*\{60000\}/g)].map(([, id]) => Number(id));
      assertEquals(jobs.sort((a, b) => a - b), Array.from({ length: JOBS }, (_, n) => n + 1));
      assertEquals(worker.ended, false);
    });
  }
}
