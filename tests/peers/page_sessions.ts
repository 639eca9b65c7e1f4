// The console sessions of a page, played in a shell as its readers play them.

import { assertEquals } from "@std/assert";
import { MAIN } from "../cli/lineup_process.ts";
import { matches } from "../../dialects/answer_pattern.ts";
import { run } from "./program.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DENO = Deno.execPath();
/** The words that run this `lineup` in a shell, in place of the word `lineup`. */
export const LINEUP = `${DENO} run --quiet --allow-all ${MAIN}`;

/** A command of a console block, and what it prints. */
interface Session {
  readonly command: string;
  readonly output: string;
}

/** The commands of a document's console blocks. */
export function sessionsOf(markdown: string): Session[] {
  return [...markdown.matchAll(/^```console\n(.*?)^```/gms)].flatMap(([, block]) =>
    block.split(/^\$ /m).slice(1).map((session) => {
      const end = session.indexOf("\n");
      return { command: session.slice(0, end), output: session.slice(end + 1) };
    })
  );
}

/** What a page's sessions need. */
export interface PageSetting {
  /** The ports that the page shows, and those that stand for them. A server that the page starts gets a free one. */
  readonly ports?: Readonly<Record<number, number>>;
  /** The folder where they are played. */
  readonly cwd: string;
  /** What differs each time, and is compared as `…`. */
  readonly changes?: RegExp;
}

/** Whether a command starts a server, which goes on. */
const SERVER = /^deno run .* &$|^lineup (?:queue|serve) (?!.*--config)/;
const SHOWN_PORT = /(?<=:|-p |port |admin |beanstalkd |127\.0\.0\.1 )\d{4,5}\b/g;

/** Plays sessions in their order, and compares what comes with what is shown. Servers end behind the last one. */
export async function playSessions(
  sessions: readonly Session[],
  { ports: given = {}, cwd, changes }: PageSetting,
): Promise<void> {
  const ports = new Map(Object.entries(given));
  const here = (text: string): string =>
    text.replaceAll(SHOWN_PORT, (shown) => {
      const port = ports.get(shown) ?? freePort();
      ports.set(shown, port);
      return String(port);
    });
  const mask = (text: string): string =>
    changes === undefined ? text : text.replaceAll(changes, "…");
  await using servers = new AsyncDisposableStack();
  for (const { command, output } of sessions) {
    const isServer = SERVER.test(command);
    // A server that shows no port must not take that of another one.
    const port = isServer && !command.includes("--port")
      ? ` --port ${/:(\d+)/.exec(output)?.[1] ?? 0}`
      : "";
    const line = here(command.replace(/(?= &$)|$/, port))
      // Servers under test listen on this machine only.
      .replace("--host 0.0.0.0", "--host 127.0.0.1")
      .replaceAll("redis-cli", `redis-cli -p ${ports.get("6379")}`)
      .replaceAll("smtp.ts", `smtp.ts --queue 127.0.0.1:${ports.get("5463")}`)
      .replaceAll("curl ", "curl --silent ")
      .replaceAll(/\bexamples\//g, `${ROOT}examples/`)
      .replaceAll("deno run", `${DENO} run --quiet --config ${ROOT}deno.json`)
      .replaceAll(/(^|[|;&] |=\S+ )lineup /g, `$1${LINEUP} `);
    const expected = mask(here(output));
    const came = isServer
      ? await serverOutput(line, expected.split("\n").length - 1, cwd, servers)
      : (await run("bash", ["-c", `{ ${line.replace(/ &$/, "")}; } 2>&1`], { cwd })).out;
    const masked = mask(came.replaceAll("\r\n", "\n"));
    // The comparison shows the difference.
    if (!matches(masked, expected)) assertEquals(masked, expected, command);
  }
}

/** Starts a server. Resolves with the first lines that it prints. */
async function serverOutput(
  line: string,
  lines: number,
  cwd: string,
  servers: AsyncDisposableStack,
): Promise<string> {
  const child = new Deno.Command("bash", {
    args: ["-c", `exec ${line.replace(/ &$/, "")}`],
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const errors = new Response(child.stderr).text();
  servers.defer(async () => {
    child.kill("SIGTERM");
    await Promise.all([reader.cancel(), errors, child.status]);
  });
  let out = "";
  // A server that shows no line prints one nevertheless, once it listens.
  while (out.split("\n").length - 1 < Math.max(1, lines)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${line} ended: ${await errors}`);
    out += value;
  }
  return out.split("\n").slice(0, lines).map((each) => `${each}\n`).join("");
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
