// SIGHUP to a running `lineup queue`: what changes, what needs a restart, and what is wrong.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { command } from "../../cli/lineup_process.ts";
import { RawClient } from "../../raw_client.ts";
import { withDirectory } from "../../temporary_directory.ts";

/** A server with a file of configuration, whose log a test reads line by line. */
class ConfiguredServer implements AsyncDisposable {
  readonly port: number;
  readonly #path: string;
  readonly #child: Deno.ChildProcess;
  readonly #log: AsyncIterator<string>;

  private constructor(path: string, child: Deno.ChildProcess, port: number) {
    this.#path = path;
    this.#child = child;
    this.port = port;
    this.#log = linesOf(child.stderr);
  }

  static async start(directory: string, configuration: unknown): Promise<ConfiguredServer> {
    const path = `${directory}/c.jsonc`;
    await Deno.writeTextFile(path, JSON.stringify(configuration));
    const args = ["queue", "--config", path, "--port", "0"];
    const child = command(args, { stdin: "null", env: { LINEUP_DRAIN: "1s" } }).spawn();
    const { value } = await linesOf(child.stdout).next();
    return new ConfiguredServer(path, child, Number(value!.split(":").at(-1)));
  }

  client(): Promise<RawClient> {
    return RawClient.open(`tcp://127.0.0.1:${this.port}`);
  }

  /** Writes the file, sends SIGHUP, and resolves with the line of the log about it, without its time. */
  async reload(text: string): Promise<string> {
    await Deno.writeTextFile(this.#path, text);
    this.#child.kill("SIGHUP");
    for (;;) {
      const { value, done } = await this.#log.next();
      assert(!done, "the server has ended");
      if (/reloaded/.test(value)) {
        return value.replace(/^\S+ /, "").replaceAll(this.#path, "c.jsonc");
      }
    }
  }

  async end(): Promise<number> {
    this.#child.kill("SIGTERM");
    while (!(await this.#log.next()).done);
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

// deno-lint-ignore no-explicit-any
type Schema = any;

/** All options with another value than their default, as a file has them, and how each may change. */
function others(schema: Schema, prefix = "", live: string[] = [], fixed: string[] = []) {
  const values: Record<string, unknown> = {};
  for (const [name, each] of Object.entries<Schema>(schema.properties)) {
    if (NOT_HERE.test(name)) continue;
    if (each.properties) {
      values[name] = others(each, `${prefix}${name}.`, live, fixed).values;
      continue;
    }
    values[name] = otherValue(each);
    (/takes it at SIGHUP/.test(each.description) ? live : fixed).push(prefix + name);
  }
  return { values, live, fixed };
}

/** These are of the command line and the environment in this test, exclude others, or name files that are read. */
const NOT_HERE =
  /^(\$schema|port|drain|listen|mode|maxSize|identities|beanstalkdIdentity|tls.*|advertise|clusterSecretFile)$/;

function otherValue({ type, enum: words, default: usual, minimum = 1, pattern, anyOf }: Schema) {
  if (words) return words.find((word: string) => word !== usual);
  if (type === "boolean") return true;
  if (type === "number") return usual === minimum ? minimum * 2 : minimum + 0.001;
  if (type === "integer") return usual === minimum + 1 ? minimum + 2 : minimum + 1;
  if (anyOf?.[0].type === "integer") return anyOf[0].minimum * 2;
  if (pattern) return "77s";
  return anyOf === undefined ? "127.0.0.1" : ["https://a.example"];
}

Deno.test("SIGHUP changes all options that a running server takes, and names the others", () =>
  withDirectory(async (directory) => {
    const url = new URL("../../../docs/queue.schema.json", import.meta.url);
    const { values, live, fixed } = others(JSON.parse(await Deno.readTextFile(url)));
    assert(live.length > 50 && fixed.length > 10);
    const small = { data: ":memory:", wsOrigin: ["https://b.example"], ws: 0 };
    await using server = await ConfiguredServer.start(directory, small);
    assertEquals(
      await server.reload(JSON.stringify(small)),
      'info reloaded what=configuration did="nothing has changed"',
    );
    const line = await server.reload(
      JSON.stringify({
        ...values,
        reserve: `unix:${directory}/r`,
        beanstalkd: 0,
        beanstalkdKey: "mail.*",
        proxyFrom: "127.0.0.1",
        data: "jobs.db",
        host: "localhost",
      }),
    );
    assertMatch(line, /^info reloaded/);
    const [, changed, left] = /did="changed: (.*); needs a restart: (.*)"$/.exec(
      line.replaceAll('\\"', '"'),
    )!;
    const namesOf = (text: string): string[] =>
      text.split(/, (?=\S+ \S+ -> )/).map((each) => each.split(" ")[0]).sort();
    assertEquals(namesOf(changed), live.sort());
    assertEquals(namesOf(left), fixed.sort());
    assertEquals(await server.end(), 0);
  }));

Deno.test("a changed limit holds at once, a wrong file changes nothing, and SIGHUP never ends the server", () =>
  withDirectory(async (directory) => {
    const file = { data: ":memory:", maxJobs: 1 };
    await using server = await ConfiguredServer.start(directory, file);
    using wire = await server.client();
    const put = async (): Promise<string> => {
      await wire.send("PUT mail x\n");
      return (await wire.line()).slice(0, 9);
    };
    assertEquals([await put(), await put()], ["OK id=1", "ERR busy "]);
    assertEquals(
      await server.reload(JSON.stringify({ ...file, maxJobs: 2, connections: { perClient: 1 } })),
      'info reloaded what=configuration did="changed: connections.perClient 256 -> 1, maxJobs 1 -> 2"',
    );
    assertEquals([await put(), await put()], ["OK id=2", "ERR busy "]);
    // The first line is the refusal, where the greeting would be.
    const refused = await Deno.connect({ port: server.port });
    assertMatch(await new Response(refused.readable).text(), /^ERR quota "A client may have 1 /);
    const wrong = await server.reload('{ "maxJobs": 9,\n"conections": {}, "data": 5 }');
    assertMatch(wrong, /^error not reloaded what=configuration why="/);
    assertMatch(wrong, /c\.jsonc:2:1: there is no option conections; did you mean connections/);
    assertMatch(wrong, /c\.jsonc:2:27: data must be text, not 5\./);
    assertEquals(
      await server.reload('{ "data": ":memory:",\n "tlsCert": "c.pem" }'),
      'error not reloaded what=configuration why="c.jsonc:2:13 needs --tls-key as well."',
    );
    assertEquals(await put(), "ERR busy ");
    // The environment still comes before the file, and options that are no more there have their defaults again.
    assertEquals(
      await server.reload('{ "data": ":memory:", "drain": "5s" }'),
      'info reloaded what=configuration did="changed: connections.perClient 1 -> 256, maxJobs 2 -> 5000000"',
    );
    assertEquals(await put(), "OK id=3");
    assertEquals(await server.end(), 0);
  }));
