// The page in a headless Chromium shows what the identity of its token may do, and nothing else.

import { serveAdmin } from "@lineup/lineup/admin";
import { connect } from "@lineup/lineup/client";
import { openQueue, queueProtocol } from "@lineup/lineup/queue";
import { hashOfToken, identitiesFile, newToken, serve } from "@lineup/lineup/server";
import { assertEquals } from "@std/assert";
import { openBrowser, openPlace, type Page } from "./browser.ts";

const ALL = ["mail", "mail.*"];
const IDENTITIES = {
  root: { put: ["*"], take: ["*"], see: ["*"], manage: ["*"], roles: ["operator"] },
  operator: { roles: ["operator"] },
  none: {},
  put: { put: ALL },
  take: { take: ALL },
  see: { see: ALL },
  manage: { manage: ALL },
  keeper: { see: ALL, manage: ALL },
  tenant: { put: ALL, take: ALL, see: ALL, manage: ALL, keys: ["acme", "acme-*"] },
} as const;
type Name = keyof typeof IDENTITIES;

/** The parts that the page of each identity has. */
const PARTS: Readonly<Record<Name, string>> = {
  root: "Overview Queues Jobs Schedules",
  operator: "Overview",
  none: "",
  put: "Schedules",
  take: "",
  see: "Queues Jobs Schedules",
  manage: "Schedules",
  keeper: "Queues Jobs Schedules",
  tenant: "Queues Jobs Schedules",
};

/** At a place, the buttons that act, and those whose page has them. `$own` is a job of the key acme, `$other` one of bolt. */
const ACTS: readonly (readonly [place: string, act: string, of: readonly Name[]])[] = [
  ["#/queues", "Put a job", ["root", "tenant"]],
  ["#/queues/mail", "Put a job", ["root", "tenant"]],
  ["#/queues/mail", "Pause", ["root", "keeper"]],
  ["#/queues/mail", "Purge", ["root", "keeper", "tenant"]],
  ["#/queues/mail", "Revive 2 dead jobs", ["root", "keeper"]],
  ["#/queues/mail", "Revive 1 dead job", ["tenant"]],
  ["#/queues/mail", "Save", ["root", "keeper"]],
  ["#/queues/mail", "Limits of acme", ["root", "keeper"]],
  ["#/queues/video", "Put a job", ["root"]],
  ["#/queues/video", "Pause", ["root"]],
  ["#/jobs?queue=mail", "Revive all that match", ["root", "keeper", "tenant"]],
  ["#/jobs?queue=mail", "Drop all that match", ["root", "keeper", "tenant"]],
  ["#/jobs?queue=mail&key=bolt", "Drop all that match", ["root", "keeper"]],
  ["#/jobs/$own", "Revive", ["root", "keeper", "tenant"]],
  ["#/jobs/$own", "Drop", ["root", "keeper", "tenant"]],
  ["#/jobs/$own", "Put a copy", ["root", "tenant"]],
  ["#/jobs/$other", "Drop", ["root", "keeper"]],
  ["#/jobs/$other", "Show", ["root", "keeper", "see"]],
  ["#/schedules", "Make a schedule", ["root", "put", "tenant"]],
  ["#/schedules", "Change own", ["root", "put", "tenant"]],
  ["#/schedules", "Pause own", ["root", "put", "manage", "keeper", "tenant"]],
  ["#/schedules", "End own", ["root", "put", "manage", "keeper", "tenant"]],
  ["#/schedules", "End other", ["root", "put", "manage", "keeper"]],
  ["#/schedules", "End far", ["root"]],
  ["#/schedules", "Last jobs of own", ["root", "see", "keeper", "tenant"]],
];

/** There once a view has its answer, or says why it has none. */
const LOADED = "main :is(.tiles, .details, table tbody tr, .problem, .empty:not([role]))";
const sanitizers = { sanitizeOps: false, sanitizeResources: false };

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token").fill(token);
  await page.keyboard.press("Enter");
  await page.locator(".status").getByText(" as ").waitFor();
}

const tokens = Object.fromEntries(Object.keys(IDENTITIES).map((name) => [name, newToken(name)]));
const path = await Deno.makeTempFile();
function write(identities: Readonly<Record<string, object>>): Promise<void> {
  const lines = Object.entries(identities).map(([name, rights]) =>
    JSON.stringify({ name, tokens: [hashOfToken(tokens[name])], ...rights }) + "\n"
  );
  return Deno.writeTextFile(path, lines.join(""));
}

await write(IDENTITIES);
const stack = new AsyncDisposableStack();
Deno.test.afterAll(() => stack.disposeAsync());
stack.defer(() => Deno.remove(path));
const browser = stack.use(await openBrowser());
const identities = stack.use(identitiesFile(path, { log: () => {} }));
const queue = stack.use(await openQueue());
const server = stack.use(
  await serve(queueProtocol, queue.handlers, { port: 0, identities, log: () => {} }),
);
const logged: string[] = [];
const admin = stack.use(
  await serveAdmin(server, {
    address: "127.0.0.1:0",
    log: (entry) => void logged.push(entry.message),
    page: { stats: queue.stats, queues: queue.queues },
  }),
);
const root = stack.use(await connect(queueProtocol, server.address, { token: tokens.root }));
const body = new Uint8Array([120]);
const ids: Record<string, number> = {};
for (const [name, key] of [["own", "acme"], ["other", "bolt"]]) {
  ids[name] = (await root.PUT({ queue: "mail", body, key, attempts: 1 })).id;
  await root.EVERY({ name, queue: "mail", body, key, interval: 3_600_000 });
}
for await (const { id } of root.TAKE({ queue: ["mail"], max: 2 })) await root.FAIL({ id: [id] });
await root.PUT({ queue: "video", body });
await root.EVERY({ name: "far", queue: "video", body, interval: 3_600_000 });

/** Goes to a place, and waits until its view has what it shows. */
async function show(page: Page, place: string): Promise<void> {
  await page.goto(`${admin.address}/${place.replace(/\$(\w+)/, (_, id) => `${ids[id]}`)}`);
  // The view before is gone with the next frame.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
  await page.locator(LOADED).first().waitFor();
  await page.getByText(/^(Reading|Connecting)/).waitFor({ state: "detached" });
}

for (const name of Object.keys(IDENTITIES) as Name[]) {
  Deno.test(`the page of ${name} shows what it may do`, sanitizers, async () => {
    const { page } = await openPlace(browser, admin.address);
    await signIn(page, tokens[name]);
    const parts = await page.getByRole("navigation", { name: "Parts" }).getByRole("link")
      .allInnerTexts();
    assertEquals(parts.join(" "), PARTS[name]);
    const wrong: string[] = [];
    for (const place of new Set(ACTS.map(([place]) => place))) {
      await show(page, place);
      for (const [, act, of] of ACTS.filter(([at]) => at === place)) {
        const count = await page.getByRole("button", { name: act, exact: true }).count();
        if ((count > 0) !== of.includes(name)) wrong.push(`${place} ${act}: ${count}`);
      }
    }
    assertEquals(wrong, []);
    // It asks for nothing that the server would refuse.
    assertEquals(logged, []);
    await page.context().close();
  });
}

Deno.test("a right that comes or goes is seen without a reload", sanitizers, async () => {
  const { page } = await openPlace(browser, `${admin.address}/#/queues/mail`);
  await signIn(page, tokens.see);
  await page.getByRole("heading", { level: 1, name: "mail" }).waitFor();
  const pause = page.getByRole("button", { name: "Pause", exact: true });
  assertEquals(await pause.count(), 0);
  await write({ ...IDENTITIES, see: { see: ALL, manage: ALL } });
  identities.reload();
  await pause.waitFor();
  await write(IDENTITIES);
  identities.reload();
  await pause.waitFor({ state: "detached" });
  await page.context().close();
});
