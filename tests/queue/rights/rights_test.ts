// Each right, each command, on queues and keys of an identity and of others.

import { assertEquals } from "@std/assert";
import { RightsQueue, type TestIdentity } from "./served_queue.ts";

/** One identity for each right to the queues mail and mail.*, one with all of them for the keys acme and acme-*. */
const IDENTITIES: readonly TestIdentity[] = [
  { name: "root", put: ["*"], take: ["*"], see: ["*"], manage: ["*"], roles: ["operator"] },
  { name: "none" },
  { name: "put", put: ["mail", "mail.*"] },
  { name: "take", take: ["mail", "mail.*"] },
  { name: "see", see: ["mail", "mail.*"] },
  { name: "manage", manage: ["mail", "mail.*"] },
  {
    name: "tenant",
    put: ["mail"],
    take: ["mail"],
    see: ["mail"],
    manage: ["mail"],
    keys: ["acme", "acme-*"],
  },
];
const NAMES = ["none", "put", "take", "see", "manage", "tenant"] as const;

type Outcome = "OK" | "forbidden" | "not-found";

/** What a command answers to none, put, take, see, manage and tenant, in this order: o(k), f(orbidden), n(ot-found). */
type Outcomes = string;
const OUTCOMES: Readonly<Record<string, Outcome>> = { o: "OK", f: "forbidden", n: "not-found" };

/** A command; `$own` is a job of the key acme in mail, `$other` one of bolt, `$far` one of the queue video. */
const commands: readonly (readonly [request: string, outcomes: Outcomes, before?: string])[] = [
  ["PUT mail x key=acme", "fofffo"],
  ["PUT mail x key=acme-2", "fofffo"],
  ["PUT mail x key=bolt", "foffff"],
  ["PUT mail x", "foffff"],
  ["PUT mail.eu x key=acme", "foffff"],
  ["PUT mails x key=acme", "ffffff"],
  ["PUT video x key=acme", "ffffff"],
  ["EVERY tick mail x key=acme interval=1h", "fofffo"],
  ["EVERY tick mail x key=bolt interval=1h", "foffff"],
  ["EVERY tick video x key=acme interval=1h", "ffffff"],
  ["EVERY theirs mail x key=acme interval=1h", "ffffff", "EVERY theirs video x interval=1h"],
  ["EVERY theirs off", "nnnnnn", "EVERY theirs video x interval=1h"],
  ["EVERY mine off", "nonnoo", "EVERY mine mail x key=acme interval=1h"],
  ["EVERY theirs pause", "nnnnnn", "EVERY theirs video x interval=1h"],
  ["EVERY mine pause", "nonnoo", "EVERY mine mail x key=acme interval=1h"],
  ["EVERY mine resume", "nonnoo", "EVERY mine mail x key=acme interval=1h"],
  ["EVERY mine pause", "nonnon", "EVERY mine mail x key=bolt interval=1h"],
  ["SCHEDULES", "oooooo"],
  ["WAIT $own within=$wait", "nonono"],
  ["WAIT $other within=$wait", "nononn"],
  ["WAIT $far within=$wait", "nnnnnn"],
  ["TAKE mail", "ffofff"],
  ["TAKE mail mail.eu", "ffofff"],
  ["TAKE mail video", "ffffff"],
  ["DONE $own", "nnofno"],
  ["DONE $other", "nnofnn"],
  ["DONE $far", "nnnnnn"],
  ["DONE $own $other", "nnofnn"],
  ["FAIL $own", "nnofno"],
  ["FAIL $other", "nnofnn"],
  ["EXTEND $own", "nnofno"],
  ["EXTEND $other", "nnofnn"],
  ["RELEASE $own", "nnofno"],
  ["RELEASE $other", "nnofnn"],
  ["QUEUES", "oooooo"],
  ["QUEUE mail", "fffofo"],
  ["QUEUE mail key=bolt", "fffoff"],
  ["QUEUE video", "ffffff"],
  ["JOB $own", "nnnono"],
  ["JOB $other", "nnnonn"],
  ["JOB $far", "nnnnnn"],
  ["JOB 999", "nnnnnn"],
  ["LIST mail", "fffofo"],
  ["LIST mail key=acme", "fffofo"],
  ["LIST mail key=bolt", "fffoff"],
  ["LIST mail text=x", "fffofo"],
  ["LIST video", "ffffff"],
  ["DROP $own", "nnnfoo"],
  ["DROP $other", "nnnfon"],
  ["DROP $far", "nnnnnn"],
  ["PURGE mail", "ffffoo"],
  ["PURGE mail key=bolt", "ffffof"],
  ["PURGE video", "ffffff"],
  ["REVIVE $dead", "nnnfoo"],
  ["REVIVE mail", "ffffoo"],
  ["REVIVE mail key=bolt", "ffffof"],
  ["REVIVE video", "ffffff"],
  ["PAUSE mail", "ffffof"],
  ["RESUME mail", "ffffof"],
  ["PAUSE video", "ffffff"],
  ["LIMIT mail", "fffofo"],
  ["LIMIT mail running=5", "ffffof"],
  ["LIMIT mail key=acme running=5", "ffffof"],
  ["LIMIT mail key=acme running=0 rate=0", "ffffof"],
  ["LIMIT mail key=bolt running=5", "ffffof"],
  ["LIMIT mail key=bolt", "fffoff"],
  ["LIMIT video running=5", "ffffff"],
  ["LIMITS", "oooooo"],
  ["LIMITS mail", "fffofo"],
  ["LIMITS video", "ffffff"],
  ["STATS", "ffffff"],
];

/** Commands that only the holder of a lease may give: root takes the jobs first, over the same connection or not. */
const OF_HOLDERS = /^(?:DONE|FAIL|EXTEND|RELEASE) /;

for (const over of ["memory", "ws"] as const) {
  Deno.test(`each right and each command, over ${over}`, async () => {
    await using queue = await RightsQueue.open(IDENTITIES);
    const root = await queue.session("root");
    const sessions = new Map<string, Awaited<ReturnType<typeof queue.session>>>();
    for (const name of NAMES) sessions.set(name, await queue.session(name, over));
    const put = async (request: string): Promise<string> =>
      /id=(\d+)/.exec(await root.ask(request))![1];

    const wrong: string[] = [];
    // The transport changes nothing: some rows show it.
    const rows = over === "ws" ? commands.filter((_, i) => i % 6 === 0) : commands;
    for (const [request, outcomes, before] of rows) {
      for (const [i, name] of NAMES.entries()) {
        for (const each of ["mail", "mail.eu", "video"]) await root.ask(`PURGE ${each}`);
        for (const each of ["tick", "theirs", "mine"]) await root.ask(`EVERY ${each} off`);
        await root.ask("RESUME mail");
        if (before !== undefined) await root.ask(before);
        const ids: Record<string, string> = {
          own: await put("PUT mail own key=acme"),
          other: await put("PUT mail other key=bolt"),
          far: await put("PUT video far"),
        };
        if (request.includes("$dead")) {
          await root.ask("TAKE mail max=2");
          ids.dead = ids.own;
          await root.ask(`FAIL ${ids.dead} dead=yes`);
        }
        // Only a job that is there is waited for.
        ids.wait = OUTCOMES[outcomes[i]] === "OK" ? "30ms" : "1m";
        let line = request.replace(/\$(\w+)/g, (_, id) => ids[id]);
        if (OF_HOLDERS.test(request)) {
          await root.ask("TAKE mail max=2");
          if (!request.endsWith("$own $other")) line += " attempt=1";
        }
        const reply = await sessions.get(name)!.ask(line);
        const [head, code] = reply.split("\n").find((line) => /^(?:OK|ERR)/.test(line))!.split(" ");
        // The job is there: its result is not, or it is not held over this connection.
        const got = head === "OK" || ["expired", "not-taken"].includes(code) ? "OK" : code;
        const expected = OUTCOMES[outcomes[i]];
        // A tenant takes its own jobs: the outcome is in the next test.
        const isTake = request === "TAKE mail" && name === "tenant";
        if (got !== (isTake ? "OK" : expected)) wrong.push(`${name}: ${line}: ${reply}`);
      }
    }
    assertEquals(wrong, []);
  });
}

Deno.test("a tenant sees and takes only its own keys, and a job is not there that it must not know", async () => {
  await using queue = await RightsQueue.open(IDENTITIES);
  const root = await queue.session("root");
  const tenant = await queue.session("tenant");
  for (const key of ["acme", "bolt", "acme-2", "bolt"]) await root.ask(`PUT mail job key=${key}`);
  await root.ask("PUT mail job");
  await root.ask("PUT mail.eu job key=acme");
  await root.ask("PUT mail named key=bolt id=one");
  await root.ask("EVERY ours mail tick key=acme interval=1h");
  await root.ask("EVERY theirs mail tick key=bolt interval=1h");
  await root.ask("LIMIT mail key=acme running=5");
  await root.ask("LIMIT mail key=bolt running=6");
  await root.ask("LIMIT mail running=50");

  const ofRoot = await root.ask("JOB 999");
  assertEquals(await tenant.ask("JOB 2"), ofRoot.replace("999", "2"));
  assertEquals(await tenant.ask("JOB 999"), ofRoot);
  const listed = (await tenant.ask("LIST mail")).split("\n");
  assertEquals(listed.map((line) => /\* id=\d+ key=\S+/.exec(line)?.[0]), [
    "* id=1 key=acme",
    "* id=3 key=acme-2",
    undefined,
  ]);
  assertEquals(listed.at(-1), "OK count=2");
  const one = await tenant.ask("LIST mail max=1");
  assertEquals(/^\* id=1 .*\nOK count=1 after=1$/.test(one), true, one);
  const queues = await tenant.ask("QUEUES");
  assertEquals(
    queues.replace(/oldest=\S+/, "oldest=…"),
    "* mail delayed=0 ready=2 taken=0 dead=0 oldest=… takers=0\nOK count=1",
  );
  const details = await tenant.ask("QUEUE mail");
  assertEquals(
    details.replace(/oldest=\S+/, "oldest=…").split("\n").map((line) => line.split(" rate")[0]),
    [
      "* key=acme delayed=0 ready=1 taken=0 dead=0 running=5",
      "* key=acme-2 delayed=0 ready=1 taken=0 dead=0",
      "OK delayed=0 ready=2 taken=0 dead=0 oldest=… takers=0 keys=2 puts=0 takes=0 dones=0 fails=0 running=50",
    ],
  );
  assertEquals(
    await tenant.ask("LIMITS"),
    "* queue=mail running=50\n* queue=mail key=acme running=5\nOK count=2",
  );
  const schedules = await tenant.ask("SCHEDULES");
  assertEquals(
    /^\* ours .*\ntick\nOK count=1$/.test(schedules.replaceAll("\r", "")),
    true,
    schedules,
  );

  const taken = await tenant.ask("TAKE mail max=10");
  assertEquals([...taken.matchAll(/key=(\S+)/g)].map(([, key]) => key).sort(), ["acme", "acme-2"]);
  assertEquals(await tenant.ask("TAKE mail"), "OK count=0");
  assertEquals(await tenant.ask("DONE 1 2"), ofRoot.replace("999", "2"));
  assertEquals(await tenant.ask("DONE 1 3"), "OK");
  assertEquals(
    await tenant.ask("PUT mail x key=acme id=one"),
    'ERR forbidden "tenant cannot have the name one: it is in use."',
  );
  assertEquals(await tenant.ask("PURGE mail"), "OK count=0");
  assertEquals((await root.ask("QUEUE mail")).includes("ready=4"), true);
});

Deno.test("a TAKE that waits gets the first job of a key of its own, also one that comes later", async () => {
  await using queue = await RightsQueue.open([
    ...IDENTITIES,
    { name: "listed", take: ["mail"], keys: ["acme", "x"] },
    { name: "suffix", take: ["mail"], keys: ["*-eu", "*-us-*"] },
  ]);
  const root = await queue.session("root");
  const waiters = new Map<string, Awaited<ReturnType<typeof queue.session>>>();
  for (const name of ["tenant", "listed", "suffix"]) {
    const wire = await queue.session(name);
    await wire.send("TAKE mail wait=1h\n");
    waiters.set(name, wire);
  }
  const gets = async (name: string, key: string): Promise<void> => {
    for (const foreign of ["bolt", "acm", "xx", "eu", "a-us"]) {
      await root.ask(`PUT mail foreign key=${foreign}`);
    }
    await root.ask(`PUT mail own key=${key}`);
    const wire = waiters.get(name)!;
    const reply = await wire.reply();
    assertEquals(/key=(\S+)/.exec(reply)?.[1], key, reply);
    await wire.send("TAKE mail wait=1h\n");
  };
  await gets("tenant", "acme-77");
  // Both may have it: the one that waits longer gets it.
  await gets("listed", "acme");
  await gets("tenant", "acme");
  await gets("listed", "x");
  await gets("suffix", "b-eu");
  await gets("suffix", "a-us-1");
});

/** What beanstalkd's commands answer to none, put, take, see, manage and tenant: the first word of the answer. */
const OF_BEANSTALKD: readonly (readonly [request: string, words: readonly string[]])[] = [
  ["use mail.acme\r\nput 0 0 9 1\r\nx\r\n", ["-", "INSERTED", "-", "-", "-", "INSERTED"]],
  ["use mail.bolt\r\nput 0 0 9 1\r\nx\r\n", ["-", "INSERTED", "-", "-", "-", "-"]],
  ["use video\r\nput 0 0 9 1\r\nx\r\n", ["-", "-", "-", "-", "-", "-"]],
  [
    "watch mail\r\nreserve-with-timeout 0\r\n",
    ["-", "-", "RESERVED", "-", "-", "RESERVED"],
  ],
  [
    "watch mail.acme\r\nreserve-with-timeout 0\r\n",
    ["-", "-", "RESERVED", "-", "-", "RESERVED"],
  ],
  ["watch mail.bolt\r\nreserve-with-timeout 0\r\n", ["-", "-", "RESERVED", "-", "-", "-"]],
  ["watch video\r\nreserve-with-timeout 0\r\n", ["-", "-", "-", "-", "-", "-"]],
  ["reserve-job $own\r\n", ["?", "?", "RESERVED", "-", "?", "RESERVED"]],
  ["reserve-job $other\r\n", ["?", "?", "RESERVED", "-", "?", "?"]],
  ["peek $own\r\n", ["?", "?", "?", "FOUND", "?", "FOUND"]],
  ["peek $other\r\n", ["?", "?", "?", "FOUND", "?", "?"]],
  ["use mail.acme\r\npeek-ready\r\n", ["-", "-", "-", "FOUND", "-", "FOUND"]],
  ["use mail\r\npeek-ready\r\n", ["-", "-", "-", "FOUND", "-", "-"]],
  ["stats-job $own\r\n", ["?", "?", "?", "OK", "?", "OK"]],
  ["stats-job $other\r\n", ["?", "?", "?", "OK", "?", "?"]],
  ["stats-tube mail.acme\r\n", ["?", "?", "?", "OK", "?", "OK"]],
  ["stats-tube mail.bolt\r\n", ["?", "?", "?", "OK", "?", "?"]],
  ["use mail.acme\r\npeek-delayed\r\n", ["-", "-", "-", "?", "-", "?"]],
  ["use mail.bolt\r\npeek-delayed\r\n", ["-", "-", "-", "?", "-", "-"]],
  ["use mail.acme\r\npeek-buried\r\n", ["-", "-", "-", "?", "-", "?"]],
  ["use video\r\npeek-buried\r\n", ["-", "-", "-", "-", "-", "-"]],
  ...["reserve-job $far", "peek $far", "stats-job $far", "delete $far", "kick-job $far"].map((
    line,
  ) => [`${line}\r\n`, ["?", "?", "?", "?", "?", "?"]] as const),
  ["stats-tube video\r\n", ["?", "?", "?", "?", "?", "?"]],
  ["pause-tube video 0\r\n", ["?", "?", "?", "?", "?", "?"]],
  ["watch mail.acme\r\nreserve-job $own\r\ntouch $own\r\n", [
    "?",
    "?",
    "TOUCHED",
    "-",
    "?",
    "TOUCHED",
  ]],
  ["watch mail.acme\r\nreserve-job $own\r\nbury $own 0\r\n", [
    "?",
    "?",
    "BURIED",
    "-",
    "?",
    "BURIED",
  ]],
  [
    "watch mail.acme\r\nreserve-job $own\r\nrelease $own 0 0\r\n",
    ["?", "?", "RELEASED", "-", "?", "RELEASED"],
  ],
  ["delete $own\r\n", ["?", "?", "?", "-", "DELETED", "DELETED"]],
  ["delete $other\r\n", ["?", "?", "?", "-", "DELETED", "?"]],
  ["kick-job $buried\r\n", ["?", "?", "?", "-", "KICKED", "KICKED"]],
  ["use mail.acme\r\nkick 9\r\n", ["-", "-", "-", "-", "KICKED", "KICKED"]],
  ["use mail\r\nkick 9\r\n", ["-", "-", "-", "-", "KICKED", "-"]],
  ["pause-tube mail.bolt 0\r\n", ["?", "?", "?", "-", "?", "?"]],
  ["pause-tube mail.acme 0\r\n", ["?", "?", "?", "-", "?", "-"]],
  ["stats\r\n", ["-", "-", "-", "-", "-", "-"]],
];
const WORDS: Readonly<Record<string, string>> = { "-": "FORBIDDEN", "?": "NOT_FOUND" };

Deno.test("each right and each command of beanstalkd", async () => {
  await using queue = await RightsQueue.open(IDENTITIES);
  const root = await queue.session("root");
  const put = async (request: string): Promise<string> =>
    /id=(\d+)/.exec(await root.ask(request))![1];
  const wrong: string[] = [];
  for (const [i, name] of NAMES.entries()) {
    for (const [request, words] of OF_BEANSTALKD) {
      for (const each of ["mail", "mail.acme", "video"]) await root.ask(`PURGE ${each}`);
      const ids: Record<string, string> = {
        own: await put("PUT mail own key=acme"),
        other: await put("PUT mail other key=bolt"),
      };
      ids.far = await put("PUT video far");
      if (request.includes("kick")) {
        await root.ask("TAKE mail max=1");
        ids.buried = ids.own;
        await root.ask(`FAIL ${ids.buried} dead=yes`);
      }
      using wire = await queue.beanstalkd(name);
      const lines = request.replace(/\$(\w+)/g, (_, id) => ids[id]);
      await wire.send(`${lines}quit\r\n`);
      // Bodies are in lower case.
      const last = (await wire.rest()).split("\r\n").findLast((line) => /^[A-Z]/.test(line)) ?? "";
      const expected = WORDS[words[i]] ?? words[i];
      if (last.split(" ")[0] !== expected) wrong.push(`${name}: ${lines}${last}, not ${expected}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("a client of beanstalkd without an identity is refused, and lists only its tubes", async () => {
  await using queue = await RightsQueue.open(IDENTITIES);
  const root = await queue.session("root");
  for (const key of ["acme", "bolt"]) await root.ask(`PUT mail x key=${key}`);
  await root.ask("PUT video x");
  using nobody = await queue.beanstalkd(undefined);
  await nobody.send("put 0 0 9 1\r\nx\r\nlist-tubes\r\n");
  assertEquals(await nobody.lines(2), ["FORBIDDEN", "FORBIDDEN"]);
  using tenant = await queue.beanstalkd("tenant");
  await tenant.send("list-tubes\r\nquit\r\n");
  assertEquals(await tenant.rest(), "OK 26\r\n---\n- default\n- mail.acme\n\r\n");
});

Deno.test("a worker of beanstalkd need not ignore the tube that it watches from the beginning", async () => {
  await using queue = await RightsQueue.open(IDENTITIES);
  const root = await queue.session("root");
  await root.ask("PUT mail x");
  await root.ask("PUT default x");
  using wire = await queue.beanstalkd("take");
  await wire.send("reserve-with-timeout 0\r\nwatch mail\r\nreserve-with-timeout 0\r\n");
  assertEquals(await wire.lines(4), ["FORBIDDEN", "WATCHING 2", "RESERVED 1 1", "x"]);
  await wire.send("watch default\r\nreserve-with-timeout 0\r\n");
  assertEquals(await wire.lines(2), ["WATCHING 2", "FORBIDDEN"]);
});
