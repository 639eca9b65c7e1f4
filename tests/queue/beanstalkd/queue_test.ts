// Clients of beanstalkd and of Lineup/1 on the same jobs, keys of tubes, and what only this server does.

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { memoryStore, openQueue } from "@lineup/lineup/queue";
import type { RawClient } from "../../raw_client.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { openStage, type Stage } from "./stage.ts";

/** Sends bytes and checks the exact answer. */
async function ask(client: RawClient, send: string, expected: string): Promise<void> {
  await client.send(send);
  const bytes = await client.bytes(new TextEncoder().encode(expected).length);
  assertEquals(new TextDecoder().decode(bytes), expected, send);
}

/** Sends bytes to which nothing is answered. */
async function wait({ clock }: Stage, client: RawClient, send: string): Promise<void> {
  client.listen();
  await client.send(send);
  await clock.elapse(0);
  assertEquals(client.waiting, 0);
}

const put = (body: string, pri = 0): string => `put ${pri} 0 60 ${body.length}\r\n${body}\r\n`;

Deno.test("a job that one kind of client puts is taken by the other", async () => {
  await using stage = await openStage();
  const [bean, line] = [stage.connect(), await stage.lineup()];
  await ask(bean, "use mail\r\n" + put("x"), "USING mail\r\nINSERTED 1\r\n");
  assertEquals(
    await line.ask("TAKE mail"),
    "* id=1 queue=mail attempt=1 lease=60s {1}\nx\nOK count=1",
  );
  await ask(bean, "delete 1\r\nrelease 1 0 0\r\n", "NOT_FOUND\r\nNOT_FOUND\r\n");
  assertEquals(await line.ask("FAIL 1"), "OK state=ready");
  assertEquals(await line.ask("PUT mail y priority=0 key=acme"), "OK id=2");
  await ask(bean, "watch mail\r\nreserve\r\n", "WATCHING 2\r\nRESERVED 2 1\r\ny\r\n");
  assertEquals((await line.ask("DONE 2")).slice(0, 13), "ERR not-taken");
  await ask(bean, "delete 2\r\n", "DELETED\r\n");
  assertMatch(
    await line.ask("JOB 1"),
    /^OK id=1 queue=mail priority=5 state=ready attempt=1 attempts=0 lease=60s /m,
  );
});

Deno.test("WAIT of Lineup/1 learns of a delete", async () => {
  await using stage = await openStage();
  const [bean, line] = [stage.connect(), await stage.lineup()];
  assertEquals(await line.ask("PUT default x"), "OK id=1");
  await ask(bean, "reserve\r\n", "RESERVED 1 1\r\nx\r\n");
  await line.send("WAIT 1\n");
  await ask(bean, "delete 1\r\n", "DELETED\r\n");
  assertEquals(await line.reply(), "OK");
});

Deno.test("a job of Lineup/1 is behind the urgent jobs and before the others, and is dead after its attempts", async () => {
  await using stage = await openStage();
  const [bean, line] = [stage.connect(), await stage.lineup()];
  await ask(bean, put("c", 1024), "INSERTED 1\r\n");
  assertEquals(await line.ask("PUT default b attempts=1 lease=1s"), "OK id=2");
  await ask(bean, put("a", 1023), "INSERTED 3\r\n");
  await ask(bean, "reserve\r\nreserve\r\n", "RESERVED 3 1\r\na\r\nRESERVED 2 1\r\nb\r\n");
  await stage.clock.elapse(1001);
  await ask(bean, "peek-buried\r\n", "FOUND 2 1\r\nb\r\n");
  await ask(bean, "stats-job 2\r\n", "OK 149\r\n");
  assertMatch(await bean.reply(), /^---$/);
});

Deno.test("jobs with a rank are in priority 5, which takes turns with the other priorities by their shares", async () => {
  await using stage = await openStage();
  const bean = stage.connect();
  const line = await stage.lineup();
  for (const priority of [9, 6, 5, 4, 0]) {
    await line.ask(`PUT default p${priority} priority=${priority}`);
  }
  await ask(bean, put("u", 0) + put("l", 2000), "INSERTED 6\r\nINSERTED 7\r\n");
  await bean.send("stats-job 5\r\nstats-job 1\r\n");
  await bean.seen("id: 1\n");
  assertEquals((bean.peek().match(/pri: 1024/g) ?? []).length, 2);
  bean.take();
  const order: string[] = [];
  for (let n = 0; n < 7; n++) {
    await bean.send("reserve\r\n");
    await bean.line();
    order.push(await bean.line());
  }
  assertEquals(order, ["p0", "p4", "u", "p5", "p6", "l", "p9"]);
});

Deno.test("a job of beanstalkd has any number of attempts", async () => {
  await using stage = await openStage();
  const bean = stage.connect();
  await ask(bean, "put 7 0 1 1\r\nx\r\n", "INSERTED 1\r\n");
  for (let attempt = 1; attempt <= 50; attempt++) {
    await ask(bean, "reserve\r\n", "RESERVED 1 1\r\nx\r\n");
    await stage.clock.elapse(1001);
  }
  await ask(bean, "reserve-with-timeout 0\r\n", "RESERVED 1 1\r\nx\r\n");
});

Deno.test("with keys, tubes of tenants share a queue fairly, and each has its own jobs only", async () => {
  await using stage = await openStage({ keys: ["mail.*"] });
  const [bean, line, worker] = [stage.connect(), await stage.lineup(), stage.connect()];
  await ask(
    bean,
    "use mail.acme\r\n" + put("a1") + put("a2") + put("a3"),
    "USING mail.acme\r\nINSERTED 1\r\nINSERTED 2\r\nINSERTED 3\r\n",
  );
  await ask(bean, "use mail.tiny\r\n" + put("t1"), "USING mail.tiny\r\nINSERTED 4\r\n");
  assertEquals(
    await line.ask("QUEUE mail"),
    "* key=acme delayed=0 ready=3 taken=0 dead=0\n* key=tiny delayed=0 ready=1 taken=0 dead=0\n" +
      "OK delayed=0 ready=4 taken=0 dead=0 oldest=0ms takers=0 keys=2 puts=0.07 takes=0 dones=0 fails=0",
  );
  await ask(worker, "watch mail.tiny\r\nignore default\r\n", "WATCHING 2\r\nWATCHING 1\r\n");
  await ask(worker, "reserve\r\nreserve-with-timeout 0\r\n", "RESERVED 4 2\r\nt1\r\nTIMED_OUT\r\n");
  await ask(worker, "release 4 0 0\r\n", "RELEASED\r\n");
  await ask(
    worker,
    "watch mail.acme\r\nreserve\r\nreserve\r\n",
    "WATCHING 2\r\nRESERVED 1 2\r\na1\r\nRESERVED 4 2\r\nt1\r\n",
  );
  await ask(worker, "release 1 0 0\r\nrelease 4 0 0\r\n", "RELEASED\r\nRELEASED\r\n");
  // The whole queue, in the order of keys.
  await ask(
    bean,
    "watch mail\r\nreserve\r\nreserve\r\nreserve\r\n",
    "WATCHING 2\r\nRESERVED 1 2\r\na1\r\nRESERVED 4 2\r\nt1\r\nRESERVED 2 2\r\na2\r\n",
  );
  await ask(
    bean,
    "list-tubes\r\n",
    "OK 45\r\n---\n- default\n- mail.acme\n- mail.tiny\n- mail\n\r\n",
  );
  await ask(bean, "use mail.acme\r\npeek-ready\r\n", "USING mail.acme\r\nFOUND 3 2\r\na3\r\n");
  await ask(
    bean,
    "bury 2 0\r\npeek-buried\r\nkick 9\r\n",
    "BURIED\r\nFOUND 2 2\r\na2\r\nKICKED 1\r\n",
  );
  await ask(bean, "use mail.tiny\r\npeek-ready\r\n", "USING mail.tiny\r\nNOT_FOUND\r\n");
});

Deno.test("a tube of a key has the jobs too that were put into the queue of its name", async () => {
  const store = memoryStore();
  const kept = { ...store, close: () => Promise.resolve() };
  {
    await using stage = await openStage({ queue: { store: kept } });
    const bean = stage.connect();
    await ask(bean, "use mail.acme\r\n", "USING mail.acme\r\n");
    await ask(bean, put("old", 5) + put("bad", 1), "INSERTED 1\r\nINSERTED 2\r\n");
    await ask(
      bean,
      "watch mail.acme\r\nreserve\r\nbury 2 1\r\n",
      "WATCHING 2\r\nRESERVED 2 3\r\nbad\r\nBURIED\r\n",
    );
  }
  await using stage = await openStage({ queue: { store: kept }, keys: ["mail.*"] });
  const bean = stage.connect();
  const watch = "use mail.acme\r\nwatch mail.acme\r\nignore default\r\n";
  await ask(bean, watch, "USING mail.acme\r\nWATCHING 2\r\nWATCHING 1\r\n");
  await ask(bean, put("new", 6), "INSERTED 3\r\n");
  await ask(bean, "peek-ready\r\n", "FOUND 1 3\r\nold\r\n");
  await ask(bean, "peek-buried\r\n", "FOUND 2 3\r\nbad\r\n");
  await bean.send("stats-tube mail.acme\r\n");
  await bean.seen("pause-time-left");
  assertMatch(bean.take(), /current-jobs-ready: 2\n[^]*current-jobs-buried: 1\n/);
  const line = await stage.lineup();
  assertMatch(await line.ask("PUT mail.zed direct"), /^OK id=4/);
  await ask(bean, "watch mail.zed\r\n", "WATCHING 2\r\n");
  const reserved: string[] = [];
  await ask(bean, "kick 9\r\n", "KICKED 1\r\n");
  for (let n = 0; n < 4; n++) {
    await bean.send("reserve\r\n");
    await bean.line();
    reserved.push(await bean.line());
  }
  assertEquals(reserved.sort(), ["bad", "direct", "new", "old"]);
  await ask(bean, "pause-tube mail.acme 60\r\nrelease 1 0 0\r\n", "PAUSED\r\nRELEASED\r\n");
  await ask(bean, "reserve-with-timeout 0\r\n", "TIMED_OUT\r\n");
  // A client that waits gets what comes into the queue of the name.
  await wait(stage, bean, "reserve\r\n");
  await line.ask("PUT mail.zed late");
  await bean.seen("late");
});

Deno.test("clients that wait for the jobs of keys get those, and the first who came goes first", async () => {
  await using stage = await openStage({ keys: ["*.*"] });
  const [acme, all, late, bean] = [
    stage.connect(),
    stage.connect(),
    stage.connect(),
    stage.connect(),
  ];
  for (const [client, tube] of [[acme, "q.acme"], [all, "q"], [late, "q.acme"]] as const) {
    await ask(client, `watch ${tube}\r\nignore default\r\n`, "WATCHING 2\r\nWATCHING 1\r\n");
    await wait(stage, client, "reserve\r\n");
  }
  await ask(bean, "use q.tiny\r\n" + put("t"), "USING q.tiny\r\nINSERTED 1\r\n");
  await all.seen("RESERVED 1 1\r\nt\r\n");
  await ask(
    bean,
    "use q.acme\r\n" + put("a") + put("b"),
    "USING q.acme\r\nINSERTED 2\r\nINSERTED 3\r\n",
  );
  await acme.seen("RESERVED 2 1\r\na\r\n");
  await late.seen("RESERVED 3 1\r\nb\r\n");
});

Deno.test("a tube of a key is paused, and no other", async () => {
  await using stage = await openStage({ keys: ["q.*"] });
  const [bean, worker] = [stage.connect(), stage.connect()];
  await ask(bean, "use q.a\r\n" + put("a"), "USING q.a\r\nINSERTED 1\r\n");
  await ask(bean, "use q.b\r\n" + put("b"), "USING q.b\r\nINSERTED 2\r\n");
  await ask(bean, "pause-tube q.a 10\r\n", "PAUSED\r\n");
  await ask(worker, "watch q\r\nreserve\r\n", "WATCHING 2\r\nRESERVED 2 1\r\nb\r\n");
  await wait(stage, worker, "reserve\r\n");
  await stage.clock.elapse(10_001);
  await worker.seen("RESERVED 1 1\r\na\r\n");
});

Deno.test("a pattern of tubes with keys is a queue, a separator and *", async () => {
  await using queue = await openQueue({ log: () => {} });
  for (const wrong of ["mail", "mail*", "*", "*mail", "m il.*", "mail.*.*", "-.*", ""]) {
    assertThrows(() => queue.beanstalkd({ keys: [wrong] }), RangeError, "is no pattern of tubes");
  }
});

Deno.test("ranks, attempts and buried jobs are there after a restart", async () => {
  const store = memoryStore();
  const kept = { ...store, close: () => Promise.resolve() };
  {
    await using stage = await openStage({ queue: { store: kept } });
    const bean = stage.connect();
    await ask(
      bean,
      put("c", 9) + put("b", 8) + put("a", 7),
      "INSERTED 1\r\nINSERTED 2\r\nINSERTED 3\r\n",
    );
    await ask(bean, "reserve\r\nbury 3 5\r\n", "RESERVED 3 1\r\na\r\nBURIED\r\n");
  }
  await using stage = await openStage({ queue: { store: kept } });
  const bean = stage.connect();
  await ask(bean, "peek-buried\r\nkick 1\r\n", "FOUND 3 1\r\na\r\nKICKED 1\r\n");
  await ask(
    bean,
    "reserve\r\nreserve\r\nreserve\r\n",
    "RESERVED 3 1\r\na\r\nRESERVED 2 1\r\nb\r\nRESERVED 1 1\r\nc\r\n",
  );
});

Deno.test("the delay of a release is not counted from the put, also after a restart", async () => {
  const store = memoryStore();
  const kept = { ...store, close: () => Promise.resolve() };
  for (const isAgain of [false, true]) {
    const clock = new VirtualClock();
    await using stage = await openStage({ queue: { store: kept, clock } });
    const bean = stage.connect();
    if (!isAgain) await ask(bean, put("x"), "INSERTED 1\r\n");
    if (!isAgain) {
      await clock.elapse(8000);
      await ask(bean, "reserve\r\nrelease 1 0 40\r\n", "RESERVED 1 1\r\nx\r\nRELEASED\r\n");
    }
    await bean.send("stats-job 1\r\n");
    await bean.seen("kicks");
    assertMatch(bean.take(), /\ndelay: 40\n.*\ntime-left: 40\n/s);
  }
});

Deno.test("a client that ends its side behind its commands gets all answers, however long the store takes", async () => {
  const stored = Promise.withResolvers<void>();
  const store = memoryStore();
  await using stage = await openStage({
    queue: {
      store: { ...store, commit: (changes) => stored.promise.then(() => store.commit(changes)) },
    },
  });
  const bean = stage.connect().listen();
  await bean.send(
    put("x") + "reserve-with-timeout 0\r\nreserve-with-timeout 0\r\ndelete 1\r\nlist-tube-used\r\n",
  );
  await bean.half();
  await stage.clock.elapse(0);
  assertEquals(bean.waiting, 0);
  stored.resolve();
  await stage.clock.elapse(100);
  assertEquals(
    await bean.rest(),
    "INSERTED 1\r\nRESERVED 1 1\r\nx\r\nTIMED_OUT\r\nDELETED\r\nUSING default\r\n",
  );
});

Deno.test("a client that ends its side while it waits in a reserve gets the answers before that one", async () => {
  for (const isSlow of [false, true]) {
    const stored = Promise.withResolvers<void>();
    if (!isSlow) stored.resolve();
    const store = memoryStore();
    await using stage = await openStage({
      queue: {
        store: { ...store, commit: (changes) => stored.promise.then(() => store.commit(changes)) },
      },
    });
    const bean = stage.connect().listen();
    await bean.send(
      "watch x\r\nignore default\r\nuse y\r\n" + put("a", 1) + "reserve\r\n" + put("b"),
    );
    await bean.half();
    await stage.clock.elapse(0);
    stored.resolve();
    await stage.clock.elapse(10);
    assertEquals(await bean.rest(), "WATCHING 2\r\nWATCHING 1\r\nUSING y\r\nINSERTED 1\r\n");
    // The commands behind the reserve never run.
    const other = stage.connect();
    await ask(other, "use y\r\npeek-ready\r\n", "USING y\r\nFOUND 1 1\r\na\r\n");
    await ask(other, "peek 2\r\n", "NOT_FOUND\r\n");
  }
});

Deno.test("a client that has ended its side gets all answers once its reserve has a job", async () => {
  const stored: (() => void)[] = [];
  let isSlow = false;
  const store = memoryStore();
  await using stage = await openStage({
    queue: {
      store: {
        ...store,
        commit: async (changes) => {
          if (isSlow) await new Promise<void>((resolve) => stored.push(resolve));
          await store.commit(changes);
        },
      },
    },
  });
  const bean = stage.connect().listen();
  await bean.send("reserve\r\n" + put("b") + put("c") + "list-tube-used\r\n");
  await stage.clock.elapse(0);
  const producer = stage.connect();
  await ask(producer, put("a"), "INSERTED 1\r\n");
  isSlow = true;
  await bean.seen("RESERVED 1 1");
  await bean.half();
  for (let turns = 0; turns < 20; turns++) {
    await stage.clock.elapse(0);
    stored.shift()?.();
  }
  assertEquals(
    await bean.rest(),
    "RESERVED 1 1\r\na\r\nINSERTED 2\r\nINSERTED 3\r\nUSING default\r\n",
  );
});

Deno.test("at a shutdown a reserve that waits is answered, and its client disconnected", async () => {
  await using stage = await openStage();
  const bean = stage.connect();
  await wait(stage, bean, "reserve\r\nlist-tube-used\r\n");
  const down = stage.shutdown();
  await stage.clock.elapse(20_000);
  assertEquals(bean.peek(), "TIMED_OUT\r\nDRAINING\r\n");
  await down;
});

Deno.test("until a drain is over, a client may end the jobs that it has reserved", async () => {
  await using stage = await openStage();
  const [bean, idle, late] = [stage.connect(), stage.connect().listen(), stage.connect()];
  await ask(bean, put("x") + put("y") + put("z"), "INSERTED 1\r\nINSERTED 2\r\nINSERTED 3\r\n");
  await ask(idle, "use t\r\n", "USING t\r\n");
  await ask(bean, "reserve\r\nreserve\r\n", "RESERVED 1 1\r\nx\r\nRESERVED 2 1\r\ny\r\n");
  await ask(late, "reserve\r\n", "RESERVED 3 1\r\nz\r\n");
  const down = stage.shutdown();
  await stage.clock.elapse(1000);
  assertEquals(idle.ended, true);
  await ask(bean, put("w") + "reserve\r\n", "DRAINING\r\nTIMED_OUT\r\n");
  await ask(bean, "touch 1\r\nrelease 2 0 0\r\n", "TOUCHED\r\nRELEASED\r\n");
  await bean.send("delete 1\r\n");
  assertEquals(await bean.rest(), "DELETED\r\n");
  late.listen();
  await stage.clock.elapse(8000);
  assertEquals(late.ended, false);
  await stage.clock.elapse(2000);
  assertEquals(await late.rest(), "");
  await down;
  const line = await stage.lineup();
  assertMatch(await line.ask("JOB 1"), /^ERR not-found /);
  assertMatch(await line.ask("JOB 2"), /^OK id=2 .*state=ready/m);
});

Deno.test("at a shutdown a put whose body is not whole is answered", async () => {
  await using stage = await openStage();
  const bean = stage.connect();
  await ask(bean, "use t\r\nput 0 0 60 9\r\nabc", "USING t\r\n");
  await stage.clock.elapse(0);
  const down = stage.shutdown();
  await stage.clock.elapse(2000);
  assertEquals(await bean.rest(), "DRAINING\r\n");
  await down;
});

Deno.test("put answers OUT_OF_MEMORY where the queue has no room", async () => {
  await using stage = await openStage({ queue: { maxJobs: 1 } });
  const bean = stage.connect();
  await ask(bean, put("x") + put("y"), "INSERTED 1\r\nOUT_OF_MEMORY\r\n");
});

Deno.test("a kick of many jobs goes in slices, between which others are served", async () => {
  await using stage = await openStage();
  const [bean, other] = [stage.connect(), stage.connect()];
  const jobs = 3000;
  bean.listen();
  await bean.send(`put 0 100 60 1\r\nx\r\n`.repeat(jobs));
  await bean.seen(`INSERTED ${jobs}\r\n`);
  bean.take();
  await bean.send(`kick ${jobs}\r\n`);
  await ask(other, "list-tube-used\r\n", "USING default\r\n");
  await bean.seen(`KICKED ${jobs}\r\n`);
  assertEquals(bean.take(), `KICKED ${jobs}\r\n`);
});

Deno.test("stats tells the figures of the server", async () => {
  await using stage = await openStage();
  const bean = stage.connect();
  await ask(bean, put("x") + "reserve\r\n", "INSERTED 1\r\nRESERVED 1 1\r\nx\r\n");
  await bean.send("stats\r\n");
  const size = Number((await bean.line()).split(" ")[1]);
  const text = new TextDecoder().decode(await bean.bytes(size + 2));
  assertMatch(
    text,
    /^---\ncurrent-jobs-urgent: 0\ncurrent-jobs-ready: 0\ncurrent-jobs-reserved: 1\n/,
  );
  assertMatch(text, /\ncmd-put: 1\n[\s\S]*\ncmd-reserve: 1\n[\s\S]*\ncurrent-workers: 1\n/);
  assertMatch(text, /\nversion: "1\.13 \(lineup\)"\n[\s\S]*\nplatform: "\w+"\n\r\n$/);
});
