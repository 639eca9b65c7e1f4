import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { type AdminServer, type PageOptions, serveAdmin } from "@lineup/lineup/admin";
import type { Identities } from "@lineup/lineup/server";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { FigureHistory, type HistoryBounds } from "../../admin/page/history.ts";
import { TestServer } from "../test_server.ts";

const PAGE = new URL("../../admin/page/browser/", import.meta.url);

async function openPage(
  test: TestServer,
  page: PageOptions = {},
  clock = new VirtualClock(),
): Promise<AdminServer> {
  return await serveAdmin(test.server, { address: "127.0.0.1:0", log: () => {}, page, clock });
}

async function get(address: string, path: string, headers = {}): Promise<[Response, string]> {
  const response = await fetch(address + path, { headers });
  return [response, await response.text()];
}

Deno.test("the page's document allows no script but its own, and no text to become one", async () => {
  await using test = await TestServer.open();
  await using admin = await openPage(test);
  const [{ status, headers }, html] = await get(admin.address, "/?any=query");
  assertEquals([status, headers.get("content-type")], [200, "text/html; charset=utf-8"]);
  const policy = headers.get("content-security-policy")!;
  assertFalse(/unsafe|https?:|\*/.test(policy), policy);
  for (const part of ["default-src 'none'", "require-trusted-types-for 'script'"]) {
    assertStringIncludes(policy, part);
  }
  const inline = [...html.matchAll(/<script(?![^>]*src)[^>]*>(.*?)<\/script>/gs)];
  assertEquals(inline.length, 1);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(inline[0][1]));
  assertStringIncludes(policy, `script-src 'self' 'sha256-${new Uint8Array(hash).toBase64()}';`);
  assertFalse(/ style=|<style| on[a-z]+=/.test(html));
});

Deno.test("the page has every module and library that it imports, and no other file", async () => {
  await using test = await TestServer.open();
  await using admin = await openPage(test);
  const [, html] = await get(admin.address, "/");
  const { imports } = JSON.parse(/<script type="importmap">(.*?)<\/script>/.exec(html)![1]);
  const seen = new Set<string>();
  const load = async (path: string): Promise<void> => {
    if (seen.has(path)) return;
    seen.add(path);
    const [{ status, headers }, code] = await get(admin.address, path);
    assertEquals([path, status, headers.get("content-type")], [
      path,
      200,
      "text/javascript; charset=utf-8",
    ]);
    if (path.startsWith("/libraries/")) return;
    const specifiers = [...code.matchAll(/^(?! \* ).*\bfrom "([^"]+)";$/gm)].map(([, name]) =>
      name
    );
    for (const name of specifiers) {
      const url = name.startsWith(".")
        ? new URL(name, `http://page${path}`).pathname
        : imports[name];
      assert(url !== undefined, `${path} imports ${name}`);
      await load(url);
    }
  };
  await load(/<script type="module" src="([^"]+)"/.exec(html)![1]);
  const preloaded = [...html.matchAll(/<link rel="modulepreload" href="([^"]+)"/g)];
  assertEquals(seen.size, preloaded.length + 1);
  for (const [, path] of preloaded) assert(seen.has(path) || path.startsWith("/libraries/"), path);
  for (const path of ["/modules/deno.json", "/modules/server/mod.ts", "/modules//etc/passwd"]) {
    assertEquals((await get(admin.address, path))[0].status, 404, path);
  }
});

Deno.test("a browser that has a file of the page gets it again only where it has changed", async () => {
  await using test = await TestServer.open();
  await using admin = await openPage(test);
  const [{ headers }] = await get(admin.address, "/page.css");
  const tag = headers.get("etag")!;
  const [again, body] = await get(admin.address, "/page.css", { "if-none-match": tag });
  assertEquals([again.status, body], [304, ""]);
  const [other] = await get(admin.address, "/page.css", { "if-none-match": '"old"' });
  assertEquals(other.status, 200);
});

Deno.test("no module of the page makes HTML of text", async () => {
  for await (const { name } of Deno.readDir(PAGE)) {
    if (!name.endsWith(".ts")) continue;
    const text = await Deno.readTextFile(new URL(name, PAGE));
    assertEquals(text.match(/innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(/i), null);
  }
});

Deno.test("/history tells the samples behind one that the page has", async () => {
  const clock = new VirtualClock();
  await using test = await TestServer.open();
  let puts = 0;
  const queues = () => [{
    queue: "mail",
    counts: { delayed: 0, ready: puts, taken: 0, dead: 0 },
    oldest: undefined,
  }];
  await using admin = await openPage(test, { stats: () => [["puts-total", puts]], queues }, clock);
  const read = async (query: string) =>
    JSON.parse((await get(admin.address, `/history${query}`))[1]);
  const first = await read("");
  assertEquals([first.count, first.last, first.figures["puts-total"]], [1, 1, 0]);
  for (puts of [5, 9]) clock.advance(3000);
  const next = await read(`?since=${first.since}&after=1`);
  assertEquals([next.count, next.last, next.at - first.at], [2, 3, 6000]);
  assertEquals(next.figures["puts-total"], [5, 9]);
  assertEquals(next.figures["connections"], 0);
  assertEquals(next.queues.mail, { ready: [5, 9], delayed: 0, taken: 0, dead: 0, oldest: 0 });
  // Another server, or samples that are gone: all that there are.
  for (const query of [`?since=7&after=3`, `?since=${first.since}&after=99`, "?since=x&after=-1"]) {
    assertEquals((await read(query)).count, 3, query);
  }
});

Deno.test("a path that does not exist names that of the page", async () => {
  await using test = await TestServer.open();
  await using admin = await openPage(test);
  const [{ status }, text] = await get(admin.address, "/metric");
  assertEquals(status, 404);
  assertStringIncludes(text, "The paths are /, /healthz,");
});

Deno.test("/history waits for the server", async () => {
  const { promise, resolve } = Promise.withResolvers<TestServer["server"]>();
  await using admin = await serveAdmin(promise, { address: "127.0.0.1:0", page: {} });
  assertEquals((await get(admin.address, "/history"))[0].status, 503);
  assertEquals((await get(admin.address, "/"))[0].status, 200);
  await using test = await TestServer.open();
  resolve(test.server);
  await promise;
  assertEquals((await get(admin.address, "/history"))[0].status, 200);
});

interface Recorded {
  readonly count: number;
  readonly figures: Record<string, number | (number | null)[]>;
  readonly texts: Record<string, string>;
  readonly queues: Record<string, { readonly ready: number | (number | null)[] }>;
}

function record(bounds: HistoryBounds) {
  const clock = new VirtualClock();
  const now = {
    figures: [] as (readonly [string, string | number])[],
    queues: [] as string[],
  };
  const counts = { delayed: 0, ready: 1, taken: 0, dead: 0 };
  const history = new FigureHistory({
    clock,
    figures: () => now.figures,
    queues: () => now.queues.map((queue) => ({ queue, counts, oldest: clock.now() - 50 })),
  }, { interval: 1000, ...bounds });
  return {
    now,
    history,
    sample(): void {
      clock.advance(1000);
    },
    read: (after?: number): Recorded => JSON.parse(history.answer(history.since, after)),
  };
}

Deno.test("a history keeps so many samples, the latest ones", () => {
  const { now, sample, read, history } = record({ samples: 3 });
  for (let n = 1; n <= 5; n++) {
    now.figures = [["n", n], ["same", 7], ["late-total", n < 5 ? NaN : 1]];
    sample();
  }
  assertEquals(read().count, 3);
  assertEquals(read().figures, { n: [3, 4, 5], same: 7, "late-total": [null, null, 1] });
  history.close();
  now.figures = [["n", 6]];
  sample();
  assertEquals(read().figures.n, [3, 4, 5]);
});

Deno.test("a history has a bound of figures, texts and queues, and takes a new queue for one that is gone", () => {
  const { now, sample, read, history } = record({ samples: 4, figures: 2, queues: 2 });
  now.figures = [["a", 1], ["b", 2], ["c", 3], ["heaviest-1", "x".repeat(1000)], ["d", 4]];
  now.queues = ["one", "two", "three"];
  sample();
  assertEquals(Object.keys(read().figures), ["a", "b"]);
  assertEquals(read().texts["heaviest-1"].length, 256);
  assertEquals(Object.keys(read().queues), ["one", "two"]);
  now.queues = ["three", "two"];
  sample();
  assertEquals(Object.keys(read().queues), ["two", "three"]);
  assertEquals(read().queues.three.ready, [null, null, 1]);
  history.close();
});

interface Urgent {
  readonly late: { readonly count: number; readonly first: readonly [string, number][] };
  readonly dead: { readonly count: number; readonly first: readonly [string, number][] };
}

Deno.test("a history names the most urgent of all queues, some thousand looked at with each sample", () => {
  const clock = new VirtualClock();
  const name = (n: number): string => `q-${String(n).padStart(4, "0")}`;
  const late = new Map([[name(7), 301_000], [name(2100), 900_000], [name(1500), 299_000]]);
  const dead = new Map(Array.from({ length: 12 }, (_, n) => [name(n * 200), n + 1]));
  let looked = 0;
  const queues = function* (after = "") {
    for (let n = 0; n < 2500; n++) {
      const queue = name(n);
      if (queue <= after) continue;
      looked++;
      const age = late.get(queue) ?? 0;
      const counts = { delayed: 0, ready: 1, taken: 0, dead: dead.get(queue) ?? 0 };
      yield { queue, counts, oldest: clock.now() - age };
    }
  };
  const history = new FigureHistory({ clock, figures: () => [], queues }, { interval: 1000 });
  const urgent = (): Urgent => JSON.parse(history.answer()).urgent;
  // Before the first round is over, what it has found so far.
  assertEquals(urgent().late, { count: 1, first: [[name(7), 301_000]] });
  clock.advance(2000);
  assertEquals(urgent().late.first, [[name(2100), 900_000], [name(7), 301_000]]);
  assertEquals([urgent().dead.count, urgent().dead.first.length], [12, 10]);
  assertEquals(urgent().dead.first.slice(0, 2), [[name(2200), 12], [name(2000), 11]]);
  // The next round begins anew, and is told once it is over.
  late.clear();
  dead.clear();
  clock.advance(2000);
  assertEquals(urgent().late.count, 2);
  looked = 0;
  clock.advance(1000);
  assertEquals(urgent(), { late: { count: 0, first: [] }, dead: { count: 0, first: [] } });
  assert(looked <= 1100, `${looked} queues looked at`);
  history.close();
});

Deno.test("a total that appears later has grown from 0, and a figure was not there", () => {
  const { now, sample, read, history } = record({ samples: 3 });
  now.figures = [["errors-busy-total", 4], ["waiting", 2]];
  sample();
  assertEquals(read().figures, { "errors-busy-total": [0, 4], waiting: [null, 2] });
  assertMatch(history.answer(), /"count":2/);
  history.close();
});

Deno.test("where a server has identities, /history is for operators, /metrics for scrapers too, and probes for all", async () => {
  const identityOf = (name: string, roles: string[]) => ({
    identity: { name, roles, grants: {} },
    renewed: () => undefined,
  });
  const roles: Record<string, string[]> = {
    boss: ["operator"],
    ada: [],
    prometheus: ["metrics"],
  };
  let anonymous: ReturnType<typeof identityOf> | undefined = undefined;
  const identities: Identities = {
    authenticate: (token) =>
      Object.hasOwn(roles, token) ? identityOf(token, roles[token]) : { why: "no such token" },
    named: () => anonymous,
    watch: () => () => {},
  };
  await using test = await TestServer.open({ identities });
  const log: Readonly<Record<string, unknown>>[] = [];
  await using admin = await serveAdmin(test.server, {
    address: "127.0.0.1:0",
    log: (entry) => void log.push(entry),
    page: {},
  });
  const status = async (path: string, token?: string): Promise<number> => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return (await get(admin.address, path, headers))[0].status;
  };
  const of = async (path: string): Promise<number[]> => {
    const seen: number[] = [];
    for (const token of [undefined, "ada", "wrong", "boss", "prometheus"]) {
      seen.push(await status(path, token));
    }
    return seen;
  };
  assertEquals(await of("/history"), [401, 403, 403, 200, 403]);
  assertEquals(await of("/metrics"), [401, 403, 403, 200, 200]);
  for (const open of ["/", "/healthz", "/readyz"]) {
    assertEquals(await of(open), [200, 200, 200, 200, 200], open);
  }
  const refused = log.filter(({ message }) => String(message).startsWith("access refused"));
  assertEquals(refused.length, 7);
  assertMatch(
    JSON.stringify(refused[0]),
    /"access refused: unauthenticated","client":"127.*history/,
  );
  assertFalse(/wrong|"ada"/.test(JSON.stringify(log)));
  anonymous = identityOf("anonymous", ["metrics"]);
  assertEquals([await status("/metrics"), await status("/history")], [200, 401]);
});
