// axe-core looks at every view and dialog of the page: in light, in dark, and on a telephone.

import axe from "npm:axe-core@4.14.1";
import { assertEquals } from "@std/assert";
import { openBrowser, openPlace, type Page, startServer } from "./browser.ts";

const sanitizers = { sanitizeOps: false, sanitizeResources: false };
const browser = await openBrowser();
const server = await startServer();

Deno.test.afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

const { client } = server;
const body = new TextEncoder().encode('{"to":"ada"}');
for (const key of ["acme", "globex"]) {
  await client.PUT({ queue: "mail", body, key, id: `${key}-1`, attempts: 1 });
}
await client.PUT({ queue: "mail", body, delay: 3_600_000 });
await client.PUT({ queue: "imports", body });
for await (const { id } of client.TAKE({ queue: ["mail"] })) {
  await client.FAIL({ id: [id], reason: "502 Bad Gateway" });
}
await client.LIMIT({ queue: "mail", key: "globex", running: 1, weight: 2 });
await client.PAUSE({ queue: "imports" });
await client.EVERY({ name: "nightly", queue: "mail", body, cron: "0 3 * * *" });
await client.EVERY({ name: "held", queue: "mail", body, interval: 60_000 });
await client.EVERY({ name: "held", queue: "pause" });

/** What is wrong for people who cannot see, or see badly: the rule and the elements. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run()
  );
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}

const PLACES: readonly (readonly [place: string, ...keys: string[]])[] = [
  ["#/"],
  ["#/queues"],
  ["#/queues/mail"],
  ["#/queues/imports"],
  ["#/jobs?queue=mail"],
  ["#/jobs?queue=none"],
  ["#/jobs/1", "b"],
  ["#/schedules"],
  ["#/nowhere"],
  ["#/queues", "?"],
  ["#/queues", ":"],
  ["#/queues", "p"],
  ["#/jobs?queue=mail", "d"],
  ["#/schedules", "n"],
];

const LOOKS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  narrow: { colorScheme: "light", viewport: { width: 390, height: 844 } },
} as const;

for (const [look, options] of Object.entries(LOOKS)) {
  Deno.test(`axe finds nothing serious in the page (${look})`, sanitizers, async () => {
    // axe is a script of this test, and none of the page.
    const { page } = await openPlace(browser, server.page, { bypassCSP: true, ...options });
    for (const [place, ...keys] of PLACES) {
      await page.goto(`${server.page}/${place}`);
      await page.reload();
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle");
      for (const key of keys) await page.keyboard.press(key);
      if (keys.length > 0 && keys[0] !== "b") await page.getByRole("dialog").waitFor();
      assertEquals(await violations(page), [], `${place} ${keys.join(" ")}`);
    }
    // Nothing is wider than a telephone.
    const { scroll, client } = await page.evaluate(() => {
      const { documentElement: { scrollWidth, clientWidth } } = (globalThis as unknown as {
        document: { documentElement: { scrollWidth: number; clientWidth: number } };
      }).document;
      return { scroll: scrollWidth, client: clientWidth };
    });
    assertEquals(scroll, client);
    await page.context().close();
  });
}
