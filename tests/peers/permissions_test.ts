// Runs each flag of each command with exactly the permissions that docs/CLI.md and the task name.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { call } from "../../cli/call/call.ts";
import { check } from "../../cli/check/check.ts";
import { completion } from "../../cli/completion/completion.ts";
import { config } from "../../cli/config/config.ts";
import { connectCommand } from "../../cli/connect/connect.ts";
import { contextCommand } from "../../cli/context/context.ts";
import type { Subcommand } from "../../cli/flags.ts";
import { load } from "../../cli/load/load.ts";
import { man } from "../../cli/man/man.ts";
import { put } from "../../cli/put/put.ts";
import { queue } from "../../cli/queue/queue.ts";
import { queues } from "../../cli/queues/queues.ts";
import { serveCommand } from "../../cli/serve/serve.ts";
import { spec } from "../../cli/spec/spec.ts";
import { top } from "../../cli/top/top.ts";
import { tuningFlags } from "../../cli/tuning.ts";
import { tokenCommand } from "../../cli/token/token.ts";
import { workCommand } from "../../cli/work/work.ts";
import { type QueueHere, serveQueue } from "../cli/queue_here.ts";
import { MAIN } from "../cli/lineup_process.ts";
import { LONG } from "../seeded_random.ts";
import { NO_ORPHAN } from "../orphan.ts";

const COMMANDS: Readonly<Record<string, Subcommand>> = {
  put,
  call,
  check,
  completion,
  config,
  connect: connectCommand,
  context: contextCommand,
  load,
  man,
  queue,
  queues,
  serve: serveCommand,
  spec,
  top,
  token: tokenCommand,
  work: workCommand,
};

const ROOT = new URL("../../", import.meta.url);
const CALC = new URL("examples/calc.ts", ROOT).pathname;
const MISHAP = /\berror\b.*Uncaught|\n\s+at |NotCapable/;

/**
 * A run of a command: its arguments, in which ADDRESS, DIR, PEM and NAME.pem stand for the test's own, and the
 * permissions that it needs beside those that the command always needs.
 */
interface Run {
  readonly typed: string;
  readonly also?: readonly string[];
  readonly input?: string;
  /** Whether it serves until SIGTERM. */
  readonly serves?: boolean;
  /** Whether it goes on until Ctrl-C. */
  readonly interrupted?: boolean;
}

const NAMED = ["--allow-read", "--allow-env"], WRITE = ["--allow-read", "--allow-write"];
/** Each flag of the groups, with its default or another value. */
const TUNED = Object.entries(tuningFlags)
  .map(([flag, { default: usual = "5" }]) => `--${flag} ${usual}`).join(" ");
const CREDENTIALS =
  "--ca PEM/authority.pem --cert PEM/client.pem --cert-key DIR/key --token-file DIR/token";
const IDENTITY = "--tls-cert PEM/server.pem --tls-key PEM/server.key " +
  "--tls-client-ca PEM/clients.pem --tls-client-optional";

/** Flags that need another program, and the tests that run them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "data-schema": "tests/peers/postgres",
  "cluster-secret-file": "tests/peers/postgres",
  advertise: "tests/peers/postgres",
};

const RUNS: Readonly<Record<string, readonly Run[]>> = {
  put: [
    {
      typed:
        "--key k --priority 1 --lease 5s --attempts 2 --backoff 1s --expires 1h --result keep " +
        "--delay 1s --id name --timeout 5s --json ADDRESS q hello",
    },
    { typed: "--lines --id-from number --from-line 2 --id n ADDRESS q", input: "a\nb\n" },
    { typed: `${CREDENTIALS} --context here q @DIR/file`, also: NAMED },
  ],
  call: [
    { typed: "--json --timeout 5s --body text ADDRESS PUT q" },
    { typed: "--body-file - ADDRESS PUT q", input: "x" },
    { typed: `${CREDENTIALS} --body-file DIR/file --context here PUT q`, also: NAMED },
    { typed: "unix:DIR/socket PING", also: WRITE },
  ],
  check: [
    { typed: "--only nothing --level core --slow SLOW --examples --timeout 5s --json ADDRESS" },
    { typed: "--list" },
    { typed: "--only nothing CALC", also: ["--allow-read"] },
    { typed: `${CREDENTIALS} --only nothing --context here`, also: NAMED },
  ],
  completion: [{ typed: "bash" }],
  config: [
    { typed: "queue --config DIR/queue.jsonc --changed --json" },
    { typed: "serve --check" },
    { typed: "queue --schema" },
    { typed: "--markdown" },
  ],
  context: [
    { typed: `add other ADDRESS ${CREDENTIALS} --replace` },
    { typed: "list --json" },
    { typed: "list --names" },
  ],
  connect: [
    { typed: "--raw --no-history ADDRESS", input: "PING\n" },
    { typed: "--quiet --stop-on-error ADDRESS", input: "PUT q <<E\nE\n" },
    { typed: `--history DIR/history ${CREDENTIALS} --context here`, input: "PING\n" },
  ],
  load: [
    {
      typed:
        "--connections 2 --depth 2 --requests 4 --threads 2 --tagged --unchecked --quiet --json " +
        "--grace 1s --max-errors 100 --body x ADDRESS PUT q",
    },
    { typed: "--rate 100 --arrivals steady --warmup 10ms --duration 100ms --command PING ADDRESS" },
    {
      typed: `${CREDENTIALS} --mix DIR/mix --requests 2 --html DIR/page.html --context here`,
      also: [...WRITE, ...NAMED],
    },
  ],
  man: [{ typed: "" }],
  queue: [
    {
      typed:
        "--data DIR/jobs.db --host 127.0.0.1 --port 0 --ws 0 --ws-origin * --admin 0 --admin-origin * --metrics-keys mail --drain 1s " +
        "--log-level debug --max-memory 64MiB --max-size 64MiB --insecure",
      serves: true,
    },
    {
      typed: "--data :memory: --port 0 --beanstalkd 0 --beanstalkd-key mail.* " +
        `--beanstalkd-identity beans --identities DIR/identities.jsonl ${IDENTITY}`,
      serves: true,
    },
    { typed: "--data :memory: --listen tcp://127.0.0.1:0 --proxy-from 127.0.0.1", serves: true },
    {
      typed: `--data :memory: --listen unix:DIR/q.sock --mode 600 ${TUNED} --max-jobs 9 ` +
        "--max-queues 9 --max-takers 9 --max-rules 9 --max-schedules 9 --max-results 9 --result-time 9s",
      serves: true,
    },
    { typed: "--config DIR/queue.jsonc", serves: true },
    { typed: "--data :memory: --port 0 --reserve unix:DIR/admin.sock", serves: true },
    { typed: "--data DIR/jobs.db --wait 1s --share-port --port 0 --log-format json", serves: true },
    { typed: "--data DIR/jobs.db --export DIR/lines" },
    { typed: "--data DIR/copy.db --import DIR/lines --again" },
    { typed: "--check DIR/jobs.db" },
  ],
  queues: [
    { typed: "--names ADDRESS" },
    { typed: "--json --match q* --sort ready --limit 5 --after a ADDRESS" },
    { typed: "--watch --interval 100ms ADDRESS", interrupted: true },
    { typed: `${CREDENTIALS} --context here`, also: NAMED },
  ],
  serve: [
    {
      typed:
        "--host 127.0.0.1 --port 0 --ws 0 --ws-origin * --admin 0 --admin-origin * --drain 1s --log-level debug --insecure --identities DIR/identities.jsonl CALC",
      serves: true,
    },
    { typed: `--port 0 ${IDENTITY} CALC`, serves: true },
    { typed: "--port 0 --share-port --log-format json CALC", serves: true },
    { typed: "--port 0 --processes 2 CALC", also: [...WRITE, "--allow-run"], serves: true },
    {
      typed: "--listen unix:DIR/s.sock --mode 600 --reserve unix:DIR/r.sock CALC",
      also: WRITE,
      serves: true,
    },
    {
      typed:
        `--config DIR/serve.jsonc --listen tcp://127.0.0.1:0 --proxy-from 127.0.0.1 ${TUNED} CALC`,
      serves: true,
    },
    {
      typed: `--port 0 --workers 1 --worker-config ${new URL("deno.json", ROOT).pathname} CALC`,
      also: [...WRITE, "--allow-run"],
      serves: true,
    },
  ],
  spec: [
    { typed: "--format json ADDRESS" },
    { typed: `${CREDENTIALS} --context here`, also: NAMED },
  ],
  token: [
    {
      typed:
        "add other --file DIR/identities.jsonl --put * --take * --see * --manage * --key * --role x " +
        "--certificate DNS:a --class bulk --weight 1 --rate 1 --running 1 --until 2100-01-01T00:00Z",
    },
    { typed: "add plain --file DIR/identities.jsonl --no-token" },
    { typed: "rotate other --file DIR/identities.jsonl" },
    { typed: "revoke other --file DIR/identities.jsonl --previous" },
    { typed: "list --file DIR/identities.jsonl --json" },
  ],
  top: [
    { typed: "--interval 100ms --count 1 --json ADDRESS" },
    { typed: `${CREDENTIALS} --interval 100ms --count 1 --context here`, also: NAMED },
  ],
  work: [
    {
      typed: "--concurrency 2 --lease 5s --result --timeout 5s --grace 1s --max 10 --until-empty " +
        "--json ADDRESS q -- true",
    },
    { typed: `${CREDENTIALS} --until-empty --context here q -- true`, also: NAMED },
  ],
};

/** The permissions of each command by docs/CLI.md. `spec ADDRESS` counts for `spec`. */
async function documented(): Promise<Map<string, string[]>> {
  const text = await Deno.readTextFile(new URL("docs/CLI.md", ROOT));
  const [, table] = /what Deno must allow +\|\n\|[-| ]+\|\n((?:\|.*\n)+)/.exec(text)!;
  const needs = new Map<string, string[]>();
  for (const line of table.trimEnd().split("\n")) {
    const [, commands, flags] = line.split("|");
    for (const [, name] of commands.matchAll(/`([a-z]+)[^`]*`/g)) {
      if (!needs.has(name)) needs.set(name, flags.match(/--allow-[a-zA-Z=_*]+/g) ?? []);
    }
  }
  return needs;
}

/** Runs `lineup` with these permissions. Resolves with the exit code and the outputs. Ends a server once it listens. */
async function run(
  allowed: readonly string[],
  words: readonly string[],
  { input = "", serves = false, interrupted = false }: Pick<
    Run,
    "input" | "serves" | "interrupted"
  >,
  directory: string,
): Promise<{ code: number; out: string; err: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", NO_ORPHAN, ...new Set(allowed), MAIN, ...words],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", XDG_CONFIG_HOME: directory, LINEUP_ADDRESS: "" },
  }).spawn();
  const deadline = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const writer = child.stdin.getWriter();
  writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
  const err = new Response(child.stderr).text();
  let out = "";
  let isEnding = false;
  for await (const bytes of child.stdout) {
    out += new TextDecoder().decode(bytes);
    if (isEnding) continue;
    isEnding = interrupted || serves && out.includes(" listening on ");
    if (isEnding) child.kill(interrupted ? "SIGINT" : "SIGTERM");
  }
  const { code } = await child.status;
  clearTimeout(deadline);
  return { code, out, err: await err };
}

interface Place {
  readonly queue: QueueHere;
  readonly directory: string;
}

function words({ typed }: Run, { queue, directory }: Place): string[] {
  return typed.split(" ").filter((word) => word !== "").map((word) =>
    word.replace("ADDRESS", queue.address).replace("SLOW", "TAKE none wait=60s").replace(
      "DIR",
      directory,
    ).replace("CALC", CALC)
      .replace("PEM", new URL("tests/transports/tls", ROOT).pathname)
  );
}

async function inPlace(act: (place: Place) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  await using queue = await serveQueue({ listen: ["127.0.0.1:0", `unix:${directory}/socket`] });
  await Deno.writeTextFile(`${directory}/file`, "x");
  await Deno.writeTextFile(`${directory}/mix`, "PING\n");
  await Deno.writeTextFile(`${directory}/queue.jsonc`, '{ "port": 0, "data": ":memory:" }');
  await Deno.writeTextFile(`${directory}/serve.jsonc`, "// nothing");
  await Deno.writeTextFile(`${directory}/token`, "x", { mode: 0o600 });
  await Deno.copyFile(new URL("tests/transports/tls/client.key", ROOT), `${directory}/key`);
  await Deno.chmod(`${directory}/key`, 0o600);
  await Deno.writeTextFile(`${directory}/identities.jsonl`, '{"name":"beans"}');
  await Deno.mkdir(`${directory}/lineup`);
  const contexts = { contexts: { here: { address: queue.address } } };
  await Deno.writeTextFile(`${directory}/lineup/contexts.json`, JSON.stringify(contexts));
  try {
    await act({ queue, directory });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("each flag of each command stands in a run of this test", () => {
  assertEquals(Object.keys(RUNS).sort(), Object.keys(COMMANDS).sort());
  for (const [name, { flags }] of Object.entries(COMMANDS)) {
    const typed = RUNS[name].flatMap(({ typed }) => typed.split(" "));
    const missing = Object.keys(flags).filter((flag) =>
      !(flag in ELSEWHERE) && !typed.includes(`--${flag}`)
    );
    assertEquals(missing, [], name);
  }
});

for (const name of Object.keys(COMMANDS)) {
  Deno.test(`lineup ${name} runs with the permissions of docs/CLI.md, and names a missing one`, async () => {
    const needs = (await documented()).get(name);
    assert(needs !== undefined, `docs/CLI.md says nothing of ${name}`);
    await inPlace(async (place) => {
      // One after the other: later runs use the files of earlier ones.
      for (const each of RUNS[name]) {
        const line = [name, ...words(each, place)];
        const allowed = [...needs, ...each.also ?? []];
        const result = await run(allowed, line, each, place.directory);
        assertEquals(
          result.code,
          each.interrupted ? 130 : 0,
          `${line.join(" ")}\n${result.out}${result.err}`,
        );
        assertEquals(/allow-/.test(result.err), false, `${line.join(" ")}\n${result.err}`);
        if (each.serves) assertMatch(result.out, / listening on /);
      }
      if (needs.length === 0) return;
      // Without any permission, the message names the first missing one.
      const [first] = RUNS[name];
      const line = [name, ...words(first, place)];
      const { code, err } = await run([], line, first, place.directory);
      assert(code !== 0);
      assertMatch(err, /^lineup: .*Deno needs --allow-[a-z]+ for this \(/);
      assertEquals(MISHAP.test(err), false, err);
      // LINEUP_LONG=2 adds a run without each of them.
      for (const [at, missing] of LONG > 1 ? needs.entries() : []) {
        const rest = needs.filter((_, index) => index !== at);
        const { code, err } = await run(rest, line, first, place.directory);
        // Some permissions are needed at a terminal only, and this run is into a pipe.
        if (code === 0) continue;
        assertMatch(
          err,
          new RegExp(`Deno needs ${missing.split("=")[0]} for this \\(`),
          first.typed,
        );
        assertEquals(MISHAP.test(err), false, err);
      }
    });
  });
}

Deno.test("deno task start takes each flag of lineup queue", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const allowed = tasks.start.command.replaceAll("'", "").match(/--allow-[a-zA-Z=_*]+/g);
  assertEquals(allowed, (await documented()).get("queue"));
});
