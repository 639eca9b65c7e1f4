// A server or a client without free file descriptors goes on once it has some again.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type ClientOptions, connect } from "../../client/mod.ts";
import { connectStream, parseAddress } from "../../net/mod.ts";
import { serve } from "../../server/mod.ts";
import { bareProtocol } from "../bare_protocol.ts";
import { identity, trust } from "./tls.ts";
import { NO_ORPHAN } from "../orphan.ts";

/** The limit of descriptors: a few more than Deno itself needs. */
const DESCRIPTORS = 64;
/** More connections than descriptors, and fewer than the backlog of a listener. */
const CONNECTIONS = 90;

/** A program of this folder in a process with few descriptors. */
class Starved implements AsyncDisposable {
  readonly child: Deno.ChildProcess;
  readonly #reading: Promise<void>[];
  #hasEnded = false;
  #more = Promise.withResolvers<void>();
  out = "";
  err = "";

  constructor(program: string, args: readonly string[]) {
    const url = new URL(program, import.meta.url).href;
    const line = [Deno.execPath(), "run", "--quiet", "--allow-all", NO_ORPHAN, url, ...args];
    this.child = new Deno.Command("sh", {
      args: ["-c", `ulimit -n ${DESCRIPTORS} && exec "$@"`, "sh", ...line],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    this.#reading = [
      this.#read(this.child.stdout, (text) => this.out += text),
      this.#read(this.child.stderr, (text) => this.err += text),
    ];
  }

  /** Resolves once the process has ended and all its output is here. */
  async ended(): Promise<void> {
    await this.child.status;
    this.#hasEnded = true;
    await Promise.all(this.#reading);
  }

  async #read(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      add(text);
      this.#more.resolve();
      this.#more = Promise.withResolvers();
    }
  }

  /** Resolves once standard output has a line. */
  async says(): Promise<string> {
    while (!this.out.includes("\n")) await this.#more.promise;
    return this.out.trim();
  }

  /** Resolves once standard error contains this. */
  async logs(text: string): Promise<void> {
    while (!this.err.includes(text)) await this.#more.promise;
  }

  /** The share of a core that the process uses. Nothing tells it but the processor time of half a second. */
  async load(): Promise<number> {
    const [began, before] = [performance.now(), this.#burnt];
    await new Promise((resolve) => setTimeout(resolve, 500));
    return (this.#burnt - before) / (performance.now() - began);
  }

  /** The milliseconds of CPU time that the process has used. */
  get #burnt(): number {
    const stat = Deno.readTextFileSync(`/proc/${this.child.pid}/stat`);
    const [, , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(")")).split(" ");
    return (Number(user) + Number(system)) * 10;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.child.kill("SIGKILL");
    await this.ended();
  }
}

/** Opens a socket to an address, and sends nothing. */
function open(address: string): Promise<Deno.Conn> {
  const place = parseAddress(address);
  return place.transport === "unix"
    ? Deno.connect({ transport: "unix", path: place.path })
    : Deno.connect({ hostname: place.hostname, port: place.port });
}

const EVERY = ["tcp://127.0.0.1:0", "tls://127.0.0.1:0", "unix:DIR/s", "ws://127.0.0.1:0"];
const ASKING = ["--ask", "tls://127.0.0.1:0", "wss://127.0.0.1:0"];

for (
  const [where, args] of [["every transport", EVERY], [
    "TLS that asks for certificates",
    ASKING,
  ]] as const
) {
  Deno.test({
    name: `a server whose file descriptors ran out accepts again at ${where}`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const directory = await Deno.makeTempDir();
      const places = args.map((place) => place.replace("DIR", directory));
      await using server = new Starved("every_server.ts", places);
      const addresses = (await server.says()).split(" ");
      const dial: ClientOptions = {
        dial: (address, options) => connectStream(address, { ...options, tls: trust }),
      };
      for (const address of addresses) {
        const silent = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(address)));
        await server.logs("accept failed");
        const share = await server.load();
        assert(share < 0.3, `${address}: without descriptors it uses ${share} of a core`);
        for (const conn of silent) conn.close();
        for (const each of addresses) {
          await using client = await connect(each, dial);
          assertEquals(await client.call("PING"), { word: "pong" });
        }
        assertStringIncludes(
          server.err,
          `accept failed address=${address}`,
        );
        await server.logs("accepting again");
        const lines = server.err.split("\n").filter((line) => line.includes("accept failed"));
        assert(lines.length < 10, `it was said ${lines.length} times`);
        server.err = "";
      }
      await Deno.remove(directory, { recursive: true });
    },
  });
}

for (const transport of ["tcp", "tls", "unix", "ws"]) {
  Deno.test({
    name: `a client without file descriptors says so, and connects once it has some: ${transport}`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const directory = await Deno.makeTempDir();
      const place = transport === "unix" ? `unix:${directory}/s` : `${transport}://127.0.0.1:0`;
      await using server = await serve(bareProtocol, {}, { listen: [place], tls: identity });
      await using client = new Starved("starved_client.ts", [server.address]);
      await client.ended();
      assertStringIncludes(client.out, "{", client.err);
      const { failure, word } = JSON.parse(client.out);
      assertStringIncludes(failure, `ConnectionLost: cannot connect to ${server.address}: `);
      // For WebSockets, the platform tells no more.
      const why = transport === "ws" ? "tcp open error" : "Too many open files";
      assertStringIncludes(failure, why);
      assertEquals(word, "pong");
      await Deno.remove(directory, { recursive: true });
    },
  });
}
