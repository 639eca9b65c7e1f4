// The page of the admin port shows exactly the acts that the server would not refuse: each right, each act, on queues and
// keys of an identity and of others. tests/peers/page/rights_test.ts looks at the page itself.

import { queueProtocol } from "@lineup/lineup/queue";
import { assertEquals } from "@std/assert";
import { type PageRequest, permits, seesFigures } from "../../../admin/page/browser/permissions.ts";
import { Rights } from "../../../queue/rights.ts";
import { RightsQueue, type TestIdentity } from "./served_queue.ts";

const all = ["mail", "mail.*"];
const IDENTITIES: readonly TestIdentity[] = [
  { name: "root", put: ["*"], take: ["*"], see: ["*"], manage: ["*"], roles: ["operator"] },
  { name: "none" },
  { name: "operator", roles: ["operator"] },
  { name: "put", put: all },
  { name: "take", take: all },
  { name: "see", see: all },
  { name: "manage", manage: all },
  { name: "tenant", put: all, take: all, see: all, manage: all, keys: ["acme", "acme-*"] },
  { name: "every-key", put: all, see: all, manage: all, keys: ["*"] },
  { name: "no-key", put: all, see: all, manage: all, keys: [] },
];

/** An act of the page on a queue and a key, and the request that it sends; `$own` is a job of acme, `$other` one of bolt. */
const ACTS: readonly (readonly [
  act: PageRequest,
  queue: string,
  key: string | undefined,
  request: string,
])[] = [
  ["QUEUE", "mail", undefined, "QUEUE mail"],
  ["QUEUE", "video", undefined, "QUEUE video"],
  ["LIST", "mail", undefined, "LIST mail"],
  ["LIST", "mail", "bolt", "LIST mail key=bolt"],
  ["JOB", "mail", "acme", "JOB $own"],
  ["JOB", "mail", "bolt", "JOB $other"],
  ["PUT", "mail", "acme", "PUT mail x key=acme"],
  ["PUT", "mail.eu", "acme-2", "PUT mail.eu x key=acme-2"],
  ["PUT", "mail", "bolt", "PUT mail x key=bolt"],
  ["PUT", "mail", "", "PUT mail x"],
  ["PUT", "mails", "acme", "PUT mails x key=acme"],
  ["DROP", "mail", "acme", "DROP $own"],
  ["DROP", "mail", "bolt", "DROP $other"],
  ["REVIVE", "mail", "acme", "REVIVE $own"],
  ["REVIVE", "mail", "bolt", "REVIVE $other"],
  ["REVIVE", "mail", undefined, "REVIVE mail"],
  ["REVIVE", "video", undefined, "REVIVE video"],
  ["PURGE", "mail", undefined, "PURGE mail"],
  ["PURGE", "mail", "bolt", "PURGE mail key=bolt"],
  ["PAUSE", "mail", undefined, "PAUSE mail"],
  ["PAUSE", "mail", undefined, "RESUME mail"],
  ["PAUSE", "video", undefined, "PAUSE video"],
  ["LIMIT", "mail", undefined, "LIMIT mail running=5"],
  ["LIMIT", "mail", "acme", "LIMIT mail key=acme running=5"],
  ["LIMIT", "video", undefined, "LIMIT video running=5"],
  ["EVERY", "mail", "acme", "EVERY new mail x key=acme interval=1h"],
  ["EVERY", "mail", "bolt", "EVERY new mail x key=bolt interval=1h"],
  ["EVERY", "video", "acme", "EVERY new video x key=acme interval=1h"],
  ["EVERY pause", "mail", "acme", "EVERY own pause"],
  ["EVERY pause", "mail", "acme", "EVERY own resume"],
  ["EVERY pause", "mail", "bolt", "EVERY other pause"],
  ["EVERY off", "mail", "acme", "EVERY own off"],
  ["EVERY off", "mail", "bolt", "EVERY other off"],
];

const commands = new Set(Object.keys(queueProtocol.commands));

Deno.test("the page shows each act to those, and only to those, to whom the server allows it", async () => {
  await using queue = await RightsQueue.open(IDENTITIES);
  const root = await queue.session("root");
  const put = async (line: string): Promise<string> => /id=(\d+)/.exec(await root.ask(line))![1];
  const wrong: string[] = [];
  for (const { name } of IDENTITIES) {
    const session = await queue.session(name);
    const [, told] = (await session.ask("HELLO lineup/1 rights=on")).split("\n");
    const rights = new Rights({ name, ...JSON.parse(told) });
    const permissions = { commands, rights };
    for (const [act, of, key, request] of ACTS) {
      await root.ask("PURGE mail");
      await root.ask("EVERY new off");
      await root.ask("EVERY own mail x key=acme interval=1h");
      await root.ask("EVERY other mail x key=bolt interval=1h");
      const ids: Record<string, string> = {
        own: await put("PUT mail own key=acme"),
        other: await put("PUT mail other key=bolt"),
      };
      if (act === "REVIVE") {
        await root.ask("TAKE mail max=2");
        await root.ask(`FAIL ${ids.own} ${ids.other} dead=yes`);
      }
      const line = request.replace(/\$(\w+)/g, (_, id) => ids[id]);
      const reply = await session.ask(line);
      const isAllowed = /^OK/m.test(reply);
      if (isAllowed !== permits(permissions, act, of, key)) {
        wrong.push(`${name}: ${line}: ${reply}`);
      }
    }
    // The figures are as STATS.
    const figures = await session.ask("STATS");
    if (/^OK/m.test(figures) !== seesFigures(permissions)) wrong.push(`${name}: STATS`);
  }
  assertEquals(wrong, []);
});

Deno.test("a part of the page, and what makes something new, is shown where a right is there to any queue", () => {
  const shown = (grants: Record<string, string[]>): PageRequest[] => {
    const rights = new Rights({ name: "a", roles: [], grants });
    return (["QUEUES", "LIST", "SCHEDULES", "PUT", "EVERY", "JOB"] as const)
      .filter((request) => permits({ commands, rights }, request));
  };
  assertEquals(shown({}), []);
  assertEquals(shown({ put: [], see: ["*"], keys: [] }), []);
  assertEquals(shown({ see: ["mail"] }), ["QUEUES", "LIST", "SCHEDULES", "JOB"]);
  assertEquals(shown({ put: ["mail"], keys: ["acme"] }), ["SCHEDULES", "PUT", "EVERY"]);
  assertEquals(shown({ manage: ["mail"] }), ["SCHEDULES"]);
  assertEquals(shown({ take: ["*"] }), []);
});

Deno.test("where the server has no identities, the page shows all acts of its commands", () => {
  const everybody = { commands, rights: undefined };
  for (const [act, queue, key] of ACTS) assertEquals(permits(everybody, act, queue, key), true);
  assertEquals(seesFigures(everybody), true);
  assertEquals(permits({ commands: new Set(["ADD"]), rights: undefined }, "QUEUES"), false);
});
