// The page in a headless Chromium, as people use it: by keyboard alone.

import { serveAdmin } from "@lineup/lineup/admin";
import { connect } from "@lineup/lineup/client";
import { openQueue, queueProtocol } from "@lineup/lineup/queue";
import { hashOfToken, identitiesFile, newToken, serve } from "@lineup/lineup/server";
import {
  assert,
  assertEquals,
  assertFalse,
  assertGreater,
  assertMatch,
  assertRejects,
} from "@std/assert";
import type { Page } from "./browser.ts";
import { openBrowser, openPlace, startServer, tabTo } from "./browser.ts";

// Chromium and its driver outlive each test.
const sanitizers = { sanitizeOps: false, sanitizeResources: false };
const browser = await openBrowser();
const server = await startServer();
const { client } = server;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test.afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

function put(queue: string, body: string, options: Record<string, unknown> = {}) {
  return client.PUT({ queue, body: encode(body), ...options });
}

/** Puts a job that is dead. */
async function putDead(queue: string, body: string, reason: string): Promise<number> {
  const { id } = await put(queue, body, { attempts: 1 });
  const answer = client.TAKE({ queue: [queue], max: 1 });
  for await (const job of answer) await client.FAIL({ id: [job.id], reason });
  return id;
}

async function stateOf(id: number): Promise<string> {
  return (await client.JOB({ id })).state;
}

async function type(page: Page, text: string): Promise<void> {
  await page.keyboard.insertText(text);
}

async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

function heading(page: Page, name: string | RegExp): Promise<void> {
  return page.getByRole("heading", { level: 1, name }).waitFor();
}

function notice(page: Page, text: string | RegExp): Promise<void> {
  return page.locator(".notices").getByText(text).first().waitFor();
}

Deno.test("a flood is seen as it happens", sanitizers, async () => {
  const { page, problems } = await openPlace(browser, server.page);
  await page.getByText("All is well.").waitFor();
  let isOver = false;
  const flood = Array.from({ length: 64 }, async () => {
    // Some are refused, as in every flood.
    while (!isOver) await put("flood", "x").catch(() => {});
  });
  const requests = page.locator(".tile", { hasText: "Requests" }).locator(".value");
  try {
    await page.waitForFunction(
      () => {
        const { document } = globalThis as unknown as {
          document: { querySelector(selector: string): { textContent: string } | null };
        };
        const text = document.querySelector(".tile .value")?.textContent ?? "";
        return Number(text.replace(/[^\d.]/g, "")) > 100;
      },
      undefined,
      { polling: 200 },
    );
  } finally {
    isOver = true;
    await Promise.all(flood);
  }
  assertMatch(await requests.innerText(), /\/s$/);
  // The queue with its jobs is there too.
  await press(page, "g", "q");
  await heading(page, "Queues");
  const ready = page.getByRole("link", { name: /ready jobs of flood$/ });
  assertGreater(Number((await ready.innerText()).replace(/\D/g, "")), 100);
  await client.PURGE({ queue: "flood" });
  assertEquals(problems, []);
  await page.context().close();
});

Deno.test("a dead job is found by text and revived", sanitizers, async () => {
  for (let i = 0; i < 30; i++) await putDead("letters", `to ${i} of nobody`, "no such street");
  const wanted = await putDead("letters", "to Ada Lovelace, London", "no such street");
  const { page, problems } = await openPlace(
    browser,
    `${server.page}/#/jobs?queue=letters&state=dead`,
  );
  await page.getByRole("link", { name: String(wanted), exact: true }).waitFor();
  await press(page, "/");
  await type(page, "Lovelace");
  await press(page, "Enter");
  await page.getByText(/^1 on this page/).waitFor();
  assertMatch(page.url(), /queue=letters&state=dead&text=Lovelace/);
  await tabTo(page, String(wanted));
  await press(page, "Enter");
  await page.getByRole("heading", { name: "Timeline" }).waitFor();
  await heading(page, `Job ${wanted}`);
  await page.getByText("no such street").waitFor();
  // The body is hidden until somebody asks for it.
  assertEquals(await page.getByText("Ada Lovelace").count(), 0);
  await press(page, "b");
  await page.getByText("to Ada Lovelace, London").waitFor();
  await press(page, "r");
  await notice(page, `Job ${wanted} is revived.`);
  assertEquals(await stateOf(wanted), "ready");
  // The address brings the search back.
  await page.goBack();
  await page.getByText("No job of letters matches.").waitFor();
  assertEquals(problems, []);
  await page.context().close();
});

Deno.test("a limit is edited in place", sanitizers, async () => {
  await put("limited", "x", { key: "acme" });
  const { page, problems } = await openPlace(browser, `${server.page}/#/queues/limited`);
  await tabTo(page, /^Running at a time/);
  await type(page, "7");
  await press(page, "Enter");
  await notice(page, "limited: running 7.");
  assertEquals(await client.LIMIT({ queue: "limited" }), { running: 7 });
  await tabTo(page, /^Limits/);
  await press(page, "Enter");
  const dialog = page.getByRole("dialog", { name: "Limits of acme" });
  await dialog.waitFor();
  await type(page, "2");
  await tabTo(page, /^Weight/);
  await type(page, "3");
  await press(page, "Enter");
  await notice(page, "acme: running 2, weight 3.");
  assertEquals(await client.LIMIT({ queue: "limited", key: "acme" }), { running: 2, weight: 3 });
  // A limit that cannot be is refused in the server's words.
  await tabTo(page, /^Weight/);
  await type(page, "5000");
  await press(page, "Enter");
  await notice(page, /weight must be .* 1000/);
  assertEquals(problems, []);
  await page.context().close();
});

Deno.test(
  "all that match are revived, dropped and purged after a confirmation that counts",
  sanitizers,
  async () => {
    for (let i = 0; i < 6; i++) {
      await putDead("bulk", i < 2 ? "left shoe" : "right shoe", "worn out");
    }
    const { page, problems } = await openPlace(
      browser,
      `${server.page}/#/jobs?queue=bulk&text=left`,
    );
    await page.getByText(/^2 on this page/).waitFor();
    await press(page, "r");
    await page.getByRole("dialog", { name: "Revive 2 dead jobs?" }).waitFor();
    await press(page, "Enter");
    await notice(page, "2 jobs revived.");
    await press(page, "/");
    await press(page, "Control+A", "Delete", "Enter");
    await page.getByText(/^6 on this page/).waitFor();
    await tabTo(page, "Dead");
    await press(page, "Enter");
    await page.getByText(/^4 on this page/).waitFor();
    await press(page, "d");
    await page.getByRole("dialog", { name: "Drop 4 jobs?" }).waitFor();
    // Escape does nothing else.
    await press(page, "Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await press(page, "d");
    await page.getByRole("dialog", { name: "Drop 4 jobs?" }).waitFor();
    await press(page, "Enter");
    await notice(page, "4 jobs dropped.");
    await page.goto(`${server.page}/#/queues/bulk`);
    await heading(page, "bulk");
    await tabTo(page, "Purge");
    await press(page, "Enter");
    await page.getByRole("dialog", { name: "Remove 2 jobs of bulk?" }).waitFor();
    await press(page, "Enter");
    await notice(page, "2 jobs of bulk removed.");
    assertEquals(problems, []);
    await page.context().close();
  },
);

Deno.test("every other action works by keyboard alone", sanitizers, async () => {
  const { page, problems } = await openPlace(browser, server.page);
  await press(page, "?");
  await page.getByRole("dialog", { name: "Keys" }).getByText("Jump to a queue").waitFor();
  await press(page, "Escape");
  await press(page, "g", "q");
  await heading(page, "Queues");
  // Put a job.
  await press(page, "p");
  await page.getByRole("dialog", { name: "Put a job" }).waitFor();
  await type(page, "keys");
  await press(page, "Tab");
  await type(page, '{"by":"keyboard"}');
  await press(page, "Tab");
  await type(page, "acme");
  await press(page, "Enter");
  await heading(page, /^Job \d+$/);
  const id = Number(/\d+/.exec(await page.getByRole("heading", { level: 1 }).innerText())![0]);
  const job = await client.JOB({ id });
  assertEquals([job.queue, job.key, new TextDecoder().decode(job.body)], [
    "keys",
    "acme",
    '{"by":"keyboard"}',
  ]);
  // Jump to its queue, pause it, and go on.
  await press(page, ":");
  await page.getByRole("dialog", { name: "Jump" }).waitFor();
  await type(page, "keys");
  await page.getByRole("option", { name: /^keys/ }).waitFor();
  await press(page, "Enter");
  await heading(page, "keys");
  await press(page, "x");
  await notice(page, "keys is paused.");
  await page.getByText("the queue is paused").waitFor();
  await press(page, "x");
  await notice(page, "keys goes on.");
  // Drop the job.
  await press(page, ":");
  await page.getByRole("dialog", { name: "Jump" }).waitFor();
  await type(page, String(id));
  await press(page, "Enter");
  await page.getByRole("heading", { name: "Timeline" }).waitFor();
  await press(page, "d");
  await page.getByRole("dialog", { name: `Drop job ${id}?` }).waitFor();
  await press(page, "Enter");
  await notice(page, `Job ${id} is dropped.`);
  await assertRejects(() => client.JOB({ id }));
  // Make a schedule, change it, pause it and go on, look at its jobs, end it.
  await press(page, "g", "s");
  await heading(page, "Schedules");
  await press(page, "n");
  await page.getByRole("dialog", { name: "Make a schedule" }).waitFor();
  await type(page, "weekly");
  await press(page, "Tab");
  await type(page, "keys");
  await press(page, "Tab");
  await type(page, "0 8 * * 1");
  await page.getByText("At 08:00, only on Monday").waitFor();
  await press(page, "Enter");
  await notice(page, /^weekly puts its next job in/);
  await tabTo(page, /^Change/);
  await press(page, "Enter");
  await page.getByRole("dialog", { name: "Change weekly" }).waitFor();
  await tabTo(page, /^Time zone/);
  await press(page, "Control+A");
  await type(page, "Europe/Berlin");
  await press(page, "Enter");
  await page.getByText("Europe/Berlin").waitFor();
  await tabTo(page, /^Pause/);
  await press(page, "Enter");
  await notice(page, "weekly is paused.");
  await page.getByRole("rowheader", { name: "weekly paused" }).waitFor();
  await press(page, "Enter");
  await notice(page, /^weekly puts its next job in/);
  await page.getByRole("button", { name: "Pause weekly" }).waitFor();
  await tabTo(page, /^Last jobs/);
  await press(page, "Enter");
  await page.getByText("None is in the queue").waitFor();
  await press(page, "Escape");
  await tabTo(page, /^End/);
  await press(page, "Enter");
  await page.getByRole("dialog", { name: "End the schedule weekly?" }).waitFor();
  await press(page, "Enter");
  await notice(page, "weekly has ended.");
  await page.getByText("There is no schedule yet.").waitFor();
  // A plot speaks, and shows its table.
  await press(page, "g", "o");
  await heading(page, "Overview");
  await page.locator(".canvas").first().focus();
  await press(page, "ArrowLeft", "ArrowLeft");
  const spoken = await page.locator(".canvas [aria-live]").first().innerText();
  assertMatch(spoken, /^\d\d:\d\d:\d\d: .*\/s/);
  await tabTo(page, /^Table/);
  await press(page, "Enter");
  await page.getByRole("region", { name: "Table of Time to start" }).waitFor();
  assertEquals(problems, []);
  await page.context().close();
});

Deno.test("no text of a job, a key or a queue becomes HTML", sanitizers, async () => {
  const attack = '"><img/src=x/onerror=document.title="taken">';
  const queue = `q${attack}`;
  const { id } = await put(queue, attack, { key: attack, id: attack, attempts: 1 });
  for await (const job of client.TAKE({ queue: [queue] })) {
    await client.FAIL({ id: [job.id], reason: attack });
  }
  await client.LIMIT({ queue, key: attack, weight: 2 });
  const places = [
    "#/queues",
    `#/queues/${encodeURIComponent(queue)}`,
    `#/jobs?queue=${encodeURIComponent(queue)}&text=${encodeURIComponent(attack)}`,
    `#/jobs/${id}`,
    "#/",
    `#/jobs/${encodeURIComponent(attack)}`,
  ];
  for (const place of places) {
    const { page, problems } = await openPlace(browser, `${server.page}/${place}`);
    await page.getByText("onerror").first().waitFor({ timeout: 3000 }).catch(() => {});
    if (place === `#/jobs/${id}`) await press(page, "b");
    assertEquals(await page.locator("img").count(), 0);
    assert(!(await page.title()).startsWith("taken"));
    assertEquals(problems, []);
    await page.context().close();
  }
  await client.PURGE({ queue });
});

Deno.test(
  "invisible characters and those that turn text around are shown as escapes",
  sanitizers,
  async () => {
    const queue = "\u202egnp.exe";
    const id = await putDead(queue, "body\u2066\n\ttail", "a\u200bb");
    const { page, problems } = await openPlace(browser, `${server.page}/#/queues`);
    await page.getByRole("link", { name: "\\u{202e}gnp.exe", exact: true }).click();
    await heading(page, "\\u{202e}gnp.exe");
    assertMatch(await page.title(), /^\\u\{202e\}gnp/);
    await page.goto(`${server.page}/#/jobs/${id}`);
    await page.getByText("a\\u{200b}b").first().waitFor();
    await press(page, "b");
    assertEquals(await page.getByLabel("The body").textContent(), "body\\u{2066}\n\ttail");
    assertEquals(problems, []);
    await page.context().close();
    await client.PURGE({ queue });
  },
);

Deno.test("the overview says that the connection is lost, and in one way", sanitizers, async () => {
  const first = await startServer();
  const { page } = await openPlace(browser, first.page);
  await page.getByText("All is well.").waitFor();
  await first[Symbol.asyncDispose]();
  const alert = page.getByRole("alert");
  await alert.first().waitFor();
  assertMatch(await alert.first().innerText(), /^The connection is lost\./);
  assertEquals(await page.locator(".status").innerText(), "Not connected");
  assertEquals(await page.getByText("The figures cannot be read.").count(), 0);
  await page.context().close();
});

Deno.test("a lost connection is said and healed", sanitizers, async () => {
  const first = await startServer();
  const { page } = await openPlace(browser, `${first.page}/#/queues`);
  await page.getByText("There is no queue yet.").waitFor();
  await first[Symbol.asyncDispose]();
  await page.getByRole("alert").getByText("The connection is lost.").waitFor();
  const [port, admin] = [first.address, first.admin].map((each) => each.split(":")[1]);
  await using second = await startServer({ address: port, admin });
  await second.client.PUT({ queue: "after", body: encode("x") });
  await page.getByRole("link", { name: "after", exact: true }).waitFor();
  await page.getByRole("alert").waitFor({ state: "detached" });
  await page.context().close();
});

Deno.test(
  "a token is asked for, kept in the tab, and opens what its identity may see",
  sanitizers,
  async () => {
    const token = newToken("ada");
    const path = await Deno.makeTempFile();
    const line = {
      name: "ada",
      tokens: [hashOfToken(token)],
      roles: [],
      put: ["mail"],
      see: ["mail"],
    };
    await Deno.writeTextFile(path, JSON.stringify(line) + "\n");
    using identities = identitiesFile(path);
    await using queue = await openQueue();
    await using guarded = await serve(queueProtocol, queue.handlers, { port: 0, identities });
    await using admin = await serveAdmin(guarded, {
      address: "127.0.0.1:0",
      page: { stats: queue.stats, queues: queue.queues },
    });
    await using ada = await connect(queueProtocol, guarded.address, { token });
    await ada.PUT({ queue: "mail", body: encode("x") });
    const { page } = await openPlace(browser, `${admin.address}/#/queues`);
    await page.getByRole("heading", { name: "This server asks for a token" }).waitFor();
    await tabTo(page, /^Token/);
    await type(page, "lineup_wrong");
    await press(page, "Enter");
    await page.getByRole("alert").getByText("This is not the token").waitFor();
    await page.getByLabel("Token").focus();
    await type(page, token);
    await press(page, "Enter");
    await page.getByRole("link", { name: "mail", exact: true }).waitFor();
    await page.getByText("as ada").waitFor();
    // Figures of the server are for operators; another tab begins without the token.
    await page.goto(`${admin.address}/#/`);
    await page.getByText("The figures are for identities with the role operator.").waitFor();
    await page.reload();
    await page.getByText("as ada").waitFor();
    assertFalse(page.url().includes(token));
    const other = await page.context().newPage();
    await other.goto(admin.address);
    await other.getByRole("heading", { name: "This server asks for a token" }).waitFor();
    await page.context().close();
    await Deno.remove(path);
  },
);
