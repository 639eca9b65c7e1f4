// The page of a running `lineup queue` in a headless Chromium.

import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "npm:playwright-core@1.65.1";
import { connect } from "@lineup/lineup/client";
import { queueProtocol } from "@lineup/lineup/queue/protocol";
import type { Client } from "../../../client/client.ts";
import { run } from "../program.ts";

export type { Page };

const MAIN = new URL("../../../cli/main.ts", import.meta.url).pathname;
/** The permissions of `deno task start`. */
const PERMISSIONS = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env=LINEUP_*",
  "--allow-sys=statfs",
];
/** Chromium shares its cores with all other tests. */
const PATIENCE_MS = 60_000;

/** A queue server with its page, and a client of it. */
export interface PageServer extends AsyncDisposable {
  readonly pid: number;
  /** The address of the page. */
  readonly page: string;
  readonly admin: string;
  readonly address: string;
  readonly client: Client<typeof queueProtocol>;
}

/** Starts a server of jobs in memory. With addresses it serves there, as the one before it did. */
export async function startServer(
  { address = "0", admin = "0" }: { address?: string; admin?: string } = {},
): Promise<PageServer> {
  const args = ["queue", "--data", ":memory:", "--port", address, "--admin", admin];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...PERMISSIONS, MAIN, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let line = "";
  while (!line.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the server ended: ${line}`);
    line += value;
  }
  const [, tcp, http] = /on tcp:\/\/(\S+) and (http:\S+)/.exec(line)!;
  const client = await connect(queueProtocol, tcp);
  return {
    pid: child.pid,
    page: http,
    admin: new URL(http).host,
    address: tcp,
    client,
    async [Symbol.asyncDispose](): Promise<void> {
      await client.close(0);
      child.kill("SIGTERM");
      await reader.cancel();
      await child.status;
    },
  };
}

/** A headless Chromium. */
export async function openBrowser(): Promise<Browser & AsyncDisposable> {
  const { out } = await run("sh", ["-c", "command -v chromium"], { needs: ["chromium"] });
  const browser = await chromium.launch({
    executablePath: out.trim(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  return Object.assign(browser, { [Symbol.asyncDispose]: () => browser.close() });
}

/** A page and what went wrong in it: errors of scripts, refusals of its policy, answers with an error. */
export interface WatchedPage {
  readonly page: Page;
  readonly problems: readonly string[];
}

/** Opens a place of the page in a new context. */
export async function openPlace(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const problems: string[] = [];
  page.on("pageerror", (error) => void problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  await page.goto(url);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return { page, problems };
}

/** Presses Tab until the focus is on a button or link of this name. Fails where it goes round without meeting it. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let i = 0; i < 150; i++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = (globalThis as unknown as { document: { activeElement: Focused } }).document
        .activeElement;
      return element.getAttribute("aria-label") || element.innerText ||
        element.labels?.[0]?.innerText || "";
    });
    const text = focused.trim();
    if (typeof name === "string" ? text === name : name.test(text)) return;
  }
  throw new Error(`the keyboard does not reach ${name}`);
}

interface Focused {
  readonly innerText?: string;
  readonly labels?: readonly { readonly innerText: string }[];
  getAttribute(name: string): string | null;
}
