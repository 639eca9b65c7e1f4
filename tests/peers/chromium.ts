// Opens pages in a headless Chromium.

import { holdsElsewhere } from "../elsewhere.ts";
import { find } from "./program.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Opens a page in a new Chromium with an empty profile. Disposing ends it. */
export async function openPage(url: string): Promise<AsyncDisposable> {
  await find("chromium");
  const directory = await Deno.makeTempDir();
  const child = new Deno.Command("chromium", {
    // Without a debugging port, Chromium would print the page and end before the page is done.
    args: [...FLAGS, "--remote-debugging-port=0", `--user-data-dir=${directory}`, url],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill("SIGTERM");
      await child.status;
      await holdsElsewhere(() => removes(directory), "Chromium leaves its directory alone");
    },
  };
}

// Chromium's helper processes may still write to the directory for a moment.
async function removes(directory: string): Promise<boolean> {
  return await Deno.remove(directory, { recursive: true }).then(() => true, () => false);
}
