// What `deno publish` publishes, fetched from a registry on loopback into an empty cache as strangers would.

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { type Registry, startRegistry } from "./jsr_registry.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const { name, version, workspace } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));

/** A program that imports the rooms by their entry points and uses each. */
const PROGRAM = `
import { connect, type Protocol, serve } from "@lineup/lineup";
import { connect as connectClient, queue, work } from "@lineup/lineup/client";
import { lineDialect } from "@lineup/lineup/dialects";
import { compile, helpText } from "@lineup/lineup/protocol";
import { openQueue } from "@lineup/lineup/queue";
import { queueProtocol } from "@lineup/lineup/queue/protocol";
import { testStore } from "@lineup/lineup/queue/conformance";
import { Scheduler } from "@lineup/lineup/scheduling";
import { serve as serveServer } from "@lineup/lineup/server";
import { serveInMemory, VirtualClock } from "@lineup/lineup/testing";

const calc = {
  name: "calc",
  version: "1.0",
  summary: "A calculator.",
  commands: {
    ADD: { summary: "Add.", args: { a: "number", b: "number" }, reply: { sum: "number" } },
  },
} as const satisfies Protocol;
await using server = await serve(calc, { ADD: ({ a, b }) => ({ sum: a + b }) }, { port: 0 });
await using client = await connect(calc, server.address);
console.log(await client.ADD({ a: 1, b: 2 }), helpText(compile(calc)).includes("ADD a b"));

await using memory = await serveInMemory(calc, { ADD: ({ a, b }) => ({ sum: a - b }) });
console.log(await (await memory.client()).ADD({ a: 1, b: 2 }), new VirtualClock().now() >= 0);

await using storage = await openQueue();
await using jobs = await serve(queueProtocol, storage.handlers, { port: 0 });
await using producer = await connectClient(queueProtocol, jobs.address);
await queue(producer, "mail").put({ to: "ada" });
const worker = work(producer, "mail", (job) => console.log(job.json()), { untilEmpty: true });
await worker.finished;
console.log([lineDialect, testStore, Scheduler, serveServer].every((each) => typeof each === "function"));
`;

const PROGRAM_OUTPUT = '{ sum: 3 } true\n{ sum: -1 } true\n{ to: "ada" }\ntrue\n';

/** A service for \`lineup serve\`, whose handler also runs in a worker's process. */
const SERVICE = `
import { type Handlers, type Protocol } from "@lineup/lineup";
const protocol = {
  name: "calc",
  version: "1.0",
  summary: "A calculator.",
  commands: {
    SQUARE: { summary: "Multiply a number by itself.", args: { a: "number" }, reply: { square: "number" } },
  },
} as const satisfies Protocol;
const handlers: Handlers<typeof protocol> = { SQUARE: ({ a }) => ({ square: a * a }) };
export default { protocol, handlers };
`;

/** A stranger's machine: an empty folder and cache, and the registry. */
class Stranger {
  readonly folder = Deno.makeTempDirSync();
  readonly #env: Record<string, string>;

  constructor(registry: Registry) {
    this.#env = {
      JSR_URL: registry.url,
      DENO_DIR: `${this.folder}/cache`,
      DENO_INSTALL_ROOT: this.folder,
      XDG_CONFIG_HOME: this.folder,
      LINEUP_ADDRESS: "",
      PATH: `${this.folder}/bin:${Deno.env.get("PATH")}`,
      NO_COLOR: "1",
    };
  }

  command(line: string): Deno.Command {
    return new Deno.Command("bash", {
      args: ["-c", `exec ${line}`],
      cwd: this.folder,
      env: this.#env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  }

  /** Runs a command to its end; resolves with what it prints. Throws where it fails. */
  async run(line: string): Promise<string> {
    const { code, stdout, stderr } = await this.command(line).output();
    const text = new TextDecoder();
    if (code !== 0) throw new Error(`${line} ended with ${code}: ${text.decode(stderr)}`);
    return text.decode(stdout);
  }

  /** Starts a server; resolves with its address once it listens. */
  async start(line: string): Promise<AsyncDisposable & { readonly address: string }> {
    const child = this.command(line).spawn();
    const errors = new Response(child.stderr).text();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value = "" } = await reader.read();
    const [, address] = /listening on (\S+)/.exec(value) ?? [];
    if (address === undefined) throw new Error(`${line} does not listen: ${await errors}`);
    return {
      address,
      async [Symbol.asyncDispose]() {
        child.kill("SIGTERM");
        await reader.cancel();
        await errors;
        await child.status;
      },
    };
  }
}

Deno.test("the published package works from JSR in an empty folder, with an empty cache", async (t) => {
  await using registry = startRegistry();
  const stranger = new Stranger(registry);
  try {
    await t.step("deno publish publishes it", async () => {
      for (const shim of workspace) await registry.add(new URL(shim, `file://${ROOT}`).pathname);
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["publish", "--allow-dirty", "--no-check", "--token", "none"],
        cwd: ROOT,
        env: { JSR_URL: registry.url },
        stdin: "null",
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      const files = registry.files(name);
      assert(files.has("/README.md") && files.has("/examples/calc.ts"));
      assert(![...files.keys()].some((path) => /^\/(tests|bench|shims|build|dist)\//.test(path)));
    });

    await t.step("deno run runs the command by its version", async () => {
      const jsr = `jsr:${name}@${version}/cli`;
      assertStringIncludes(await stranger.run(`deno run ${jsr} --help`), "usage: lineup COMMAND");
      assertEquals(
        await stranger.run(`deno run -A ${jsr} --version`),
        `lineup ${version} (deno ${Deno.version.deno})\n`,
      );
    });

    await t.step("README's line installs the command, and what it allows is enough", async () => {
      const readme = await Deno.readTextFile(`${ROOT}README.md`);
      const [line] = readme.match(/^deno install .* jsr:@lineup\/lineup\/cli$/m)!;
      await stranger.run(line);
      // The threads of the store and of the load are modules of the registry too.
      await using queue = await stranger.start("lineup queue --port 0 --data jobs.db");
      const { address } = queue;
      assertEquals(await stranger.run(`lineup put ${address} mail hello`), "1\n");
      assertEquals(
        await stranger.run(`lineup work ${address} mail --until-empty -- cat`),
        "hello\n",
      );
      const load = `lineup load --threads 2 --connections 2 --requests 20 ${address} PING`;
      assertMatch(await stranger.run(load), /^OK +20 +100 %/m);
      assertMatch(await stranger.run(`lineup check ${address}`), /, 0 failed/);
    });

    await t.step("deno add, and a program that imports its entry points", async () => {
      await stranger.run(`deno add jsr:${name}`);
      const { imports } = JSON.parse(await Deno.readTextFile(`${stranger.folder}/deno.json`));
      assertEquals(imports, { [name]: `jsr:${name}@^${version}` });
      await Deno.writeTextFile(`${stranger.folder}/program.ts`, PROGRAM);
      assertEquals(await stranger.run("deno run --quiet --check -A program.ts"), PROGRAM_OUTPUT);
    });

    await t.step("lineup serve runs a service of a folder that has added it", async () => {
      await Deno.writeTextFile(`${stranger.folder}/service.ts`, SERVICE);
      const error = await assertRejects(() => stranger.run("lineup spec service.ts"), Error);
      assertStringIncludes(error.message, 'Import "jsr:@lineup/lineup", or run `deno run');
      await using server = await stranger.start(
        "deno run -A @lineup/lineup/cli serve service.ts --port 0 --workers 1",
      );
      assertEquals(
        await stranger.run(`lineup call ${server.address} SQUARE 7`),
        "OK square=49\n",
      );
    });
  } finally {
    await Deno.remove(stranger.folder, { recursive: true });
  }
});
