// Ten open pages cost the server little, also where it has many queues.

import { assertLess } from "@std/assert";
import { LONG } from "../../seeded_random.ts";
import { openBrowser, openPlace, startServer } from "./browser.ts";

const PLACES = ["#/", "#/queues", "#/queues/queue-1", "#/jobs?queue=queue-1", "#/schedules"];
const QUEUES = 10_000;
const MEASURED_MS = 8_000;
/**
 * Of one core, in percent: what the pages may cost beyond a server that nobody looks at. 2 is the promise; on a busy
 * machine the same work takes more time, and pages that ask for all queues take far more than 10.
 */
const MOST = LONG > 1 ? 2 : 10;

/** The CPU time of a process in ms. */
async function cpuTime(pid: number): Promise<number> {
  const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function share(pid: number): Promise<number> {
  const [before, began] = [await cpuTime(pid), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, MEASURED_MS));
  return 100 * (await cpuTime(pid) - before) / (performance.now() - began);
}

Deno.test(`the page open in ten browsers costs at most ${MOST} % of a core`, {
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  await using server = await startServer();
  const names = Array.from({ length: QUEUES }, (_, i) => `queue-${i}`).values();
  const body = new Uint8Array(100);
  // A few at once, in a patient class: the server refuses what it cannot do soon.
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (const queue of names) await server.client.PUT({ queue, body }, { class: "background" });
  }));
  const idle = await share(server.pid);
  await using browser = await openBrowser();
  for (let i = 0; i < 10; i++) {
    await openPlace(browser, `${server.page}/${PLACES[i % PLACES.length]}`);
  }
  // Loading them is over.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  assertLess(await share(server.pid) - idle, MOST);
});
