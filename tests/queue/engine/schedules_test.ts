import { memoryStore, type Store } from "@lineup/lineup/queue";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { testQueue } from "../../test_queue.ts";
import { job, put, schedule } from "../../../queue/store/conformance/samples.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** A clock at a time of UTC. The clock of other tests begins at the turn of 2020. */
function at(time: string): VirtualClock {
  return new VirtualClock(Date.parse(time));
}

Deno.test("EVERY interval= puts a job with the given options each time", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  assertEquals(
    await session.ask(
      "EVERY beat mail interval=10s key=acme priority=2 attempts=3 expires=25s {4}\nbe\0t",
    ),
    "OK next=10s",
  );
  await queue.clock.elapse(9_999);
  assertEquals(await session.ask("TAKE mail"), "OK count=0");
  await queue.clock.elapse(1);
  assertEquals(
    await session.ask("TAKE mail"),
    "* id=1 queue=mail key=acme attempt=1 lease=60s {4}\nbe\0t\nOK count=1",
  );
  assertMatch(
    await session.ask("JOB 1"),
    / priority=2 .* attempts=3 .* unique=beat@2020-01-01T00:00:10\.000Z .* expires=25s /,
  );
  await queue.clock.elapse(100_000);
  // The older jobs have expired.
  assertMatch(await session.ask("LIST mail state=ready"), /\* id=9 .*\n.*\* id=10 .*\n.*\* id=11 /);
});

Deno.test("EVERY cron= puts jobs at the times of a zone, through a change of its clocks", async () => {
  await using queue = await testQueue({ clock: at("2026-10-24T00:30:00Z") });
  const session = await queue.session();
  assertEquals(
    await session.ask('EVERY night mail x cron="0 3 * * *" tz=Europe/Berlin'),
    "OK next=1800s",
  );
  await session.ask('EVERY noon mail x cron="0 0 12 * * *"');
  const times: string[] = [];
  for (let i = 0; i < 5; i++) {
    await session.send("TAKE mail wait=24h\n");
    const reply = session.reply();
    let done = false;
    reply.finally(() => done = true);
    while (!done) await queue.clock.elapse(5 * MINUTE);
    const id = /id=(\d+)/.exec(await reply)![1];
    times.push(/ unique=(\S+)/.exec(await session.ask(`JOB ${id}`))![1].replace(":00.000Z", ""));
    await session.ask(`DONE ${id}`);
  }
  assertEquals(times, [
    "night@2026-10-24T01:00",
    "noon@2026-10-24T12:00",
    // The clocks go back on the 25th: from then on, 3:00 in Berlin is 2:00 in UTC.
    "night@2026-10-25T02:00",
    "noon@2026-10-25T12:00",
    "night@2026-10-26T02:00",
  ]);
});

Deno.test("EVERY makes up for missed jobs by one job, and keeps its rhythm", async () => {
  const store: Store = { ...memoryStore(), close: () => Promise.resolve() };
  await using queue = await testQueue({ store });
  const { clock } = queue;
  const session = await queue.session();
  await session.ask("EVERY beat mail x interval=1h");
  await session.ask('EVERY daily news x cron="0 0 * * *"');
  await session.ask("EVERY ended mail x interval=1h");
  assertEquals(await session.ask("EVERY ended off"), "OK");
  await queue[Symbol.asyncDispose]();
  clock.advance(3 * DAY + 30 * MINUTE);
  await using again = await testQueue({ store, clock });
  const other = await again.session();
  await clock.elapse(1);
  assertMatch(
    await other.ask("QUEUES"),
    /^\* mail delayed=0 ready=1 .*\n\* news delayed=0 ready=1 /,
  );
  assertStringIncludes(await other.ask("LIST mail"), "unique=beat@2020-01-01T01:00:00.000Z");
  assertMatch(
    await other.ask("SCHEDULES"),
    /^\* beat queue=mail interval=3600s next=1799999ms \{1\}\nx\n\* daily queue=news cron="0 0 \* \* \*" tz=UTC next=84599999ms \{1\}\nx\nOK count=2$/,
  );
  await queue[Symbol.asyncDispose]();
  await clock.elapse(30 * MINUTE);
  assertMatch(
    await other.ask("LIST mail"),
    /unique=beat@2020-01-04T01:00:00\.000Z .*\nOK count=2$/,
  );
});

Deno.test("EVERY off of the last schedule of cron ends the watch over the time of day", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  const before = queue.clock.pending;
  await session.ask('EVERY yearly mail x cron="0 0 1 6 *"');
  assertEquals(queue.clock.pending, before + 2, "the next time, and the watch");
  await session.ask("EVERY yearly off");
  await queue.clock.elapse(10 * MINUTE);
  assertEquals(queue.clock.pending, before + 1);
});

Deno.test("EVERY makes up for missed jobs by one job also at the very time of a run", async () => {
  const store: Store = { ...memoryStore(), close: () => Promise.resolve() };
  await using queue = await testQueue({ store });
  const { clock } = queue;
  await (await queue.session()).ask("EVERY beat mail x interval=1h");
  await queue[Symbol.asyncDispose]();
  clock.advance(240 * MINUTE);
  await using again = await testQueue({ store, clock });
  const session = await again.session();
  await clock.elapse(1);
  assertMatch(await session.ask("LIST mail"), /OK count=1$/);
  assertMatch(await session.ask("SCHEDULES"), / next=3599999ms /);
});

Deno.test("EVERY that is set again without a change keeps its time; with a change it begins anew", async () => {
  await using queue = await testQueue({ maxSchedules: 1 });
  const session = await queue.session();
  assertEquals(await session.ask("EVERY beat mail x interval=1h"), "OK next=3600s");
  await queue.clock.elapse(10 * MINUTE);
  assertEquals(await session.ask("EVERY beat news y interval=1h"), "OK next=3000s");
  assertEquals(await session.ask("EVERY beat news y interval=30m"), "OK next=1800s");
  assertMatch(await session.ask("EVERY other mail x interval=1h"), /^ERR busy "There are 1 sch/);
  assertStringIncludes(await session.ask("SCHEDULES"), "* beat queue=news interval=1800s");
});

Deno.test("EVERY skips a time at which the queue is full, and waits for a store that fails", async () => {
  const memory = memoryStore();
  let fails = false;
  const store: Store = {
    ...memory,
    commit: (changes) => fails ? Promise.reject(new Error("full")) : memory.commit(changes),
  };
  await using queue = await testQueue({ store });
  const session = await queue.session();
  await session.ask("LIMIT mail depth=1");
  await session.ask("EVERY beat mail x interval=1m");
  await queue.clock.elapse(3 * MINUTE);
  assertStringIncludes(await session.ask("QUEUES"), "ready=1");
  assertEquals(
    queue.logged.map(({ message, schedule }) => [message, schedule]),
    Array(2).fill(["schedule could not put its job", "beat"]),
  );
  // The log has a sentence and no stack: this is no defect of the program.
  assertEquals(
    queue.logged[0].error,
    "mail is full: it has 1 unfinished jobs, and its depth is 1.",
  );
  await session.ask("PURGE mail");
  fails = true;
  assertMatch(await session.ask("PUT news x"), /^ERR internal/);
  await queue.clock.elapse(70_000);
  assertStringIncludes(await session.ask("QUEUES"), "read-only=yes");
  fails = false;
  await queue.clock.elapse(12_000);
  assertStringIncludes(
    await session.ask("LIST mail"),
    "unique=beat@2020-01-01T00:04:00.000Z",
  );
});

Deno.test("PUT cannot take the id of a run of EVERY, and a run whose id is taken is logged", async () => {
  // A file may have such an id from elsewhere.
  const store = memoryStore();
  await store.commit([put(job(1, { unique: "beat@2020-01-01T00:00:20.000Z" }))]);
  await using queue = await testQueue({ store });
  const session = await queue.session();
  await session.ask("EVERY beat mail x interval=10s");
  assertEquals(
    await session.ask("PUT mail junk key=putter delay=1h id=beat@2020-01-01T00:00:10.000Z"),
    'ERR bad-arguments "id must not end with a time such as @2020-01-01T00:00:10.000Z: ' +
      'only jobs of EVERY have that."',
  );
  assertEquals(await session.ask("PUT mail x delay=1h id=beat@2020-01-01T00:00:10Z"), "OK id=2");
  await queue.clock.elapse(10_000);
  assertMatch(await session.ask("JOB 3"), / unique=beat@2020-01-01T00:00:10\.000Z /);
  assertEquals(queue.logged, []);
  await queue.clock.elapse(10_000);
  assertEquals(queue.logged, [{
    level: "error",
    message: "schedule put no job: its queue has one of the same id",
    schedule: "beat",
    queue: "mail",
    unique: "beat@2020-01-01T00:00:20.000Z",
    job: 1,
  }]);
});

Deno.test("EVERY refuses a wrong value, and tells the allowed ones", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (
    const [request, message] of [
      ['EVERY x q b cron="* * *"', "cron must be five or six fields such as"],
      ['EVERY x q b cron="0 3 * * *" tz=Mars/Base', "tz must be a time zone such as Europe/Berlin"],
      ['EVERY x q b cron="0 3 * * *" interval=1h', "EVERY takes cron= or interval=, not both."],
      ["EVERY x q b interval=1h tz=UTC", "tz= goes with cron= only."],
      ["EVERY x q b interval=999ms", "interval must be a duration"],
      ["EVERY x q b", "EVERY needs cron= or interval=, or `off`, `pause` or `resume`"],
      ['EVERY x q b cron="0 0 30 2 *"', "cron must be a time that is still to come, and"],
    ]
  ) {
    const reply = await session.ask(request);
    assertEquals(reply.slice(0, 19 + message.length), `ERR bad-arguments "${message}`, reply);
  }
  assertEquals(await session.ask("SCHEDULES"), "OK count=0");
});

Deno.test("a schedule that is paused puts no job, over a restart too, until it goes on", async () => {
  const store = memoryStore();
  const clock = at("2026-11-02T10:10:00Z");
  {
    await using queue = await testQueue({ store: { ...store, close: async () => {} }, clock });
    let session = await queue.session();
    await session.ask("EVERY beat mail interval=10m");
    await session.ask('EVERY hourly mail cron="0 * * * *"');
    assertEquals(await session.ask("EVERY beat pause"), "OK paused=yes");
    assertEquals(await session.ask("EVERY beat pause"), "OK paused=yes");
    assertEquals(await session.ask("EVERY hourly pause"), "OK paused=yes");
    await clock.elapse(DAY);
    session = await queue.session();
    // A deployment that sets it again does not let it go on, also where its times are others now.
    assertEquals(await session.ask("EVERY beat mail interval=10m"), "OK paused=yes");
    assertEquals(await session.ask("EVERY beat mail interval=15m"), "OK paused=yes");
    assertEquals(
      (await session.ask("SCHEDULES")).replaceAll("\r", ""),
      "* beat queue=mail interval=900s paused=yes {0}\n\n" +
        '* hourly queue=mail cron="0 * * * *" tz=UTC paused=yes {0}\n\nOK count=2',
    );
    assertEquals(queue.figure("queue-ready"), 0);
  }
  await using queue = await testQueue({ store, clock });
  await clock.elapse(DAY);
  assertEquals(queue.figure("queue-ready"), 0);
  const session = await queue.session();
  // Nothing that was missed is made up for.
  assertEquals(await session.ask("EVERY beat resume"), "OK next=900s");
  assertEquals(await session.ask("EVERY hourly resume"), "OK next=3000s");
  assertEquals(await session.ask("EVERY hourly resume"), "OK next=3000s");
  await clock.elapse(15 * MINUTE - 1);
  assertEquals(queue.figure("queue-ready"), 0);
  await clock.elapse(1);
  assertEquals(queue.figure("queue-ready"), 1);
  await clock.elapse(35 * MINUTE);
  assertMatch(await session.ask("LIST mail"), / unique=hourly@2026-11-04T11:00:00/);
  assertEquals(queue.figure("queue-ready"), 4);
});

Deno.test("EVERY pauses what is there only, and queues may have these names", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (const act of ["pause", "resume", "off"]) {
    assertEquals(
      await session.ask(`EVERY none ${act}`),
      'ERR not-found "There is no schedule none; SCHEDULES lists them."',
    );
    assertEquals(await session.ask(`EVERY to-${act} ${act} interval=1m`), "OK next=60s");
  }
  assertEquals(await session.ask("EVERY to-pause off"), "OK");
  await queue.clock.elapse(MINUTE);
  assertMatch(await session.ask("QUEUES"), /^\* off .*\n\* resume .*\nOK count=2$/);
});

Deno.test("a schedule whose times cannot be read is not paused", async () => {
  const store = memoryStore();
  await store.commit([{ kind: "schedule", schedule: { ...schedule, cron: "of the future" } }]);
  await using queue = await testQueue({ store });
  const session = await queue.session();
  assertEquals(
    await session.ask("EVERY nightly pause"),
    'ERR bad-arguments "The times of nightly cannot be read; set it again."',
  );
});

Deno.test("EVERY reads bodies from the store when their time has come, a slice at a time", async () => {
  const memory = memoryStore();
  let most = 0;
  const store: Store = {
    ...memory,
    async scheduleBodies(names) {
      const bodies = await memory.scheduleBodies(names);
      most = Math.max(most, bodies.reduce((sum, body) => sum + body!.length, 0));
      return bodies;
    },
  };
  await using queue = await testQueue({ store });
  const session = await queue.session();
  const body = "x".repeat(300_000);
  for (let i = 0; i < 20; i++) await session.ask(`EVERY s${i} mail interval=1m {300000}\n${body}`);
  assertEquals(await session.ask("EVERY s0 off"), "OK");
  await queue.clock.elapse(MINUTE);
  await session.ask("TAKE mail wait=1s");
  for (let tries = 0; queue.figure("queue-ready") !== 18; tries++) {
    assert(tries < 1000, "not all have put their jobs");
    await queue.clock.elapse(0);
  }
  assert(most > 0 && most < (1 << 20) + body.length, `${most} bytes at once`);
  assertStringIncludes(await session.ask("JOB 19"), `{300000}\n${body}`);
});

Deno.test("EVERY puts no job of a schedule that was removed, replaced or paused while its body was read", async () => {
  const memory = memoryStore();
  const reading = Promise.withResolvers<void>();
  const store: Store = {
    ...memory,
    async scheduleBodies(names) {
      await reading.promise;
      return await memory.scheduleBodies(names);
    },
  };
  await using queue = await testQueue({ store });
  const session = await queue.session();
  for (const name of ["ended", "replaced", "paused", "kept"]) {
    await session.ask(`EVERY ${name} mail ${name} interval=1m`);
  }
  await queue.clock.elapse(MINUTE);
  await session.ask("EVERY ended off");
  await session.ask("EVERY replaced mail new interval=2m");
  await session.ask("EVERY paused pause");
  reading.resolve();
  const taken = await session.ask("TAKE mail wait=1s max=10");
  assertMatch(taken, /\{4\}\nkept\nOK count=1$/);
});

Deno.test("EVERY stores one spelling of a zone, and accepts every spelling of it", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  const every = 'EVERY x q b cron="0 3 * * *"';
  assertEquals(await session.ask(`${every} tz=EUROPE/berlin`), "OK next=7200s");
  await queue.clock.elapse(MINUTE);
  assertEquals(await session.ask(`${every} tz=europe/BERLIN`), "OK next=7140s");
  assertStringIncludes(await session.ask("SCHEDULES"), " tz=Europe/Berlin ");
});

Deno.test("an unreadable schedule of an older version is kept, and puts no job until it is set again", async () => {
  const store = memoryStore();
  const old = { ...schedule, queue: "mail", next: Date.parse("2020-01-01T02:00:00Z"), expires: 0 };
  await store.commit([
    { kind: "schedule", schedule: { ...old, name: "last", cron: "0 0 L * *" } },
    { kind: "schedule", schedule: { ...old, name: "mars", zone: "Mars/Base" } },
    { kind: "schedule", schedule: { ...old, name: "never", cron: "0 0 30 2 *" } },
    { kind: "schedule", schedule: { ...old, name: "spelled", zone: "europe/berlin" } },
  ]);
  await using queue = await testQueue({ store });
  const { message } = queue.logged[0];
  assertEquals(message, "schedule puts nothing until EVERY sets it again");
  assertEquals(queue.logged.map(({ schedule, error }) => `${schedule}: ${error}`), [
    "last: cron must have 1 to 31 as its day, not L.",
    'mars: tz must be a time zone such as Europe/Berlin, or an offset such as +05:30; not "Mars/Base".',
    'never: cron must be a time that is still to come, and "0 0 30 2 *" never is: ' +
    "none of its months has any of its days.",
  ]);
  await queue.clock.elapse(121 * MINUTE);
  const session = await queue.session();
  assertMatch(await session.ask("QUEUES"), /^\* mail delayed=0 ready=1 /);
  const listed = await session.ask("SCHEDULES");
  assertStringIncludes(listed, '* last queue=mail key=acme cron="0 0 L * *" tz=Europe/Berlin {');
  assertStringIncludes(listed, "* spelled queue=mail key=acme cron=");
  assertEquals(await session.ask('EVERY last mail x cron="0 0 28 * *"'), "OK next=2325540s");
  assertEquals(await session.ask("EVERY mars off"), "OK");
  assertMatch(await session.ask("SCHEDULES"), /OK count=3$/);
});

Deno.test("EVERY keeps no spelling of a zone in memory", async () => {
  const script = `
    import { readCron } from "${new URL("../../../queue/cron/cron.ts", import.meta.url)}";
    import { nextTime, readZone } from "${new URL(
    "../../../queue/cron/cron_times.ts",
    import.meta.url,
  )}";
    const resident = () => Number(/VmRSS:\\s+(\\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))[1]);
    const name = "America/Argentina/ComodRivadavia";
    const cron = readCron("30 2 * * *");
    const ask = (from, to) => {
      for (let at = from; at < to; at++) {
        const zone = [...name].map((each, bit) => at >> bit & 1 ? each.toUpperCase() : each.toLowerCase());
        nextTime(cron, readZone(zone.join(""), "tz"), at * 86400000);
      }
    };
    ask(0, 2000);
    const before = resident();
    ask(2000, 24000);
    console.log(resident() - before);
  `;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--ext=js", script],
  });
  const { code, stdout, stderr } = await command.output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  const grown = Number(new TextDecoder().decode(stdout));
  assert(grown < 64 * 1024, `${grown} KiB`);
});
