// The last attempts of a job, as JOB tells them.

import {
  exportSqliteFile,
  importSqliteFile,
  memoryStore,
  sqliteStore,
  type Store,
} from "@lineup/lineup/queue";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { pastAttempts, withAttempt } from "../../../queue/store/past_attempts.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import type { RawClient } from "../../raw_client.ts";
import { withDirectory } from "../../temporary_directory.ts";
import { testQueue } from "../../test_queue.ts";

/** The attempts of a job, without the reply behind them. */
async function attemptsOf(session: RawClient, id: number): Promise<string[]> {
  const lines = (await session.ask(`JOB ${id}`)).split("\n");
  return lines.filter((line) => line.startsWith("* ")).map((line) => line.slice(2));
}

Deno.test("JOB tells how each attempt ended: FAIL, RELEASE, the lease, the connection; and the one that runs", async () => {
  await using queue = await testQueue();
  const { clock } = queue;
  const session = await queue.session();
  await session.ask("PUT mail x lease=10s");
  assertEquals(await attemptsOf(session, 1), []);
  await session.ask("TAKE mail");
  await clock.elapse(1500);
  await session.ask('FAIL 1 reason="disk full"');
  await session.ask("TAKE mail");
  await clock.elapse(2000);
  await session.ask("RELEASE 1");
  await session.ask("TAKE mail");
  await clock.elapse(5000);
  await session.ask("EXTEND 1");
  await clock.elapse(10_000);
  const other = await queue.session();
  await other.ask("TAKE mail hold=connection");
  await clock.elapse(500);
  other.close();
  await session.ask("TAKE mail wait=1m");
  await clock.elapse(250);
  assertEquals(await attemptsOf(session, 1), [
    'attempt=1 age=19250ms ran=1500ms outcome=failed by=memory reason="disk full"',
    "attempt=2 age=17750ms ran=2s outcome=released by=memory",
    "attempt=3 age=15750ms ran=15s outcome=timeout by=memory",
    "attempt=4 age=750ms ran=500ms outcome=disconnected by=memory",
    "attempt=5 age=250ms ran=250ms outcome=running by=memory",
  ]);
});

Deno.test("JOB tells of the attempt of a kept result, and of the last 8 attempts of many", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("PUT sums x result=keep attempts=100");
  for (let attempt = 1; attempt <= 12; attempt++) {
    await session.ask("TAKE sums");
    await queue.clock.elapse(100);
    await session.ask(attempt === 12 ? "DONE 1 result=42" : `FAIL 1 reason=${"é".repeat(300)}`);
  }
  const attempts = await attemptsOf(session, 1);
  assertEquals(
    attempts.map((each) => /attempt=(\d+)/.exec(each)![1]),
    [..."56789"].concat([
      "10",
      "11",
      "12",
    ]),
  );
  assertEquals(attempts[7], "attempt=12 age=100ms ran=100ms outcome=done by=memory");
  assertMatch(attempts[6], /outcome=failed by=memory reason=é{199}…$/);
});

Deno.test("attempts count to the memory of the queue: they are forgotten with the job, and not kept where there is no room", async () => {
  const elsewhere: Store = { ...memoryStore(), held: undefined };
  await using queue = await testQueue({ maxMemory: 100_000, store: elsewhere });
  const session = await queue.session();
  await session.ask("PUT mail x attempts=100");
  const before = Number(queue.figure("queue-held-bytes"));
  await session.ask("TAKE mail");
  await session.ask(`FAIL 1 reason=${"x".repeat(100)}`);
  const after = Number(queue.figure("queue-held-bytes"));
  // The reason is kept twice: as the last one, and with the attempt.
  assertEquals(after - before >= 300 && after - before < 600, true, `${after - before}`);
  for (let n = 0; (await session.ask(`PUT other x id=${n}`)).startsWith("OK"); n++);
  await session.ask("TAKE mail");
  assertEquals(await session.ask("FAIL 1 reason=again"), "OK state=ready");
  assertEquals((await attemptsOf(session, 1)).length, 1);
  await session.ask("PURGE other");
  await session.ask("DROP 1");
  assertEquals(queue.figure("queue-held-bytes"), 0);
});

Deno.test("attempts stay with the job over a restart, an export and an import; that of a lease that ran out meanwhile too", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const copy = `${directory}/copy.db`;
    const clock = new VirtualClock();
    {
      await using queue = await testQueue({ clock, store: await sqliteStore(path) });
      const session = await queue.session();
      await session.ask("PUT mail x lease=10s attempts=100");
      await session.ask("TAKE mail");
      await clock.elapse(1000);
      await session.ask("FAIL 1 reason=why");
      await session.ask("TAKE mail");
    }
    await clock.elapse(30_000);
    const lines = [...exportSqliteFile(path)];
    const [, { past, taken }] = lines.map((line) => JSON.parse(line));
    assertMatch(past, /^1 \d+ 1000 failed memory why$/);
    assertEquals(typeof taken, "number");
    assertEquals(importSqliteFile(copy, lines).jobs, 1);
    assertThrows(
      () => importSqliteFile(`${directory}/wrong.db`, ['{"queue":"a","body":"","past":"1 2 3"}']),
      Error,
      "line 1 is wrong: past must have the lines of an export",
    );
    for (const each of [path, copy]) {
      await using queue = await testQueue({ clock, store: await sqliteStore(each) });
      const session = await queue.session();
      const told = await attemptsOf(session, 1);
      assertEquals(told.length, 2);
      assertMatch(told[0], /^attempt=1 age=\d+m?s ran=1s outcome=failed by=memory reason=why$/);
      assertMatch(told[1], /^attempt=2 age=\d+m?s ran=10s outcome=timeout$/);
    }
  }));

Deno.test("a text that has no attempts tells none, and white space in a name or reason adds none", () => {
  assertEquals(pastAttempts("nonsense\n1 2 3 failed\n\n1 2 3 flown - why"), []);
  const ended = { attempt: 1, takenAt: 2, ran: 3, outcome: "failed" } as const;
  const past = withAttempt("", { ...ended, by: "a b", reason: "one\n2 2 3 done - two" });
  assertEquals(pastAttempts(past), [{ ...ended, by: "a_b", reason: "one 2 2 3 done - two" }]);
});
