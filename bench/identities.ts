// The queue with identities beside the queue without: the CPU of the server for a PUT and a TAKE, and for ten PINGs, in
// alternating rounds. With identities each request is checked, and the client has an identity with patterns and a key.
//
//     deno run --config bench/deno.json --allow-all bench/identities.ts [ROUNDS]

import { hashOfToken, newToken } from "../server/identity/token.ts";
import { median } from "./statistics.ts";

const MAIN = new URL("../cli/main.ts", import.meta.url).href;
const JOBS = 5000, DEPTH = 50;
const encoder = new TextEncoder();

/** A server, and one connection to it. */
class Subject {
  readonly name: string;
  readonly #child: Deno.ChildProcess;
  readonly #connection: Deno.Conn;

  private constructor(name: string, child: Deno.ChildProcess, connection: Deno.Conn) {
    this.name = name;
    this.#child = child;
    this.#connection = connection;
  }

  static async open(name: string, more: readonly string[], token?: string): Promise<Subject> {
    const args = ["run", "--allow-all", "--no-check", MAIN, "queue", "--data", ":memory:"];
    const child = new Deno.Command(Deno.execPath(), {
      args: [...args, "--port", "0", ...more],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    const port = Number(/:(\d+)\n/.exec(new TextDecoder().decode(value))![1]);
    const connection = await Deno.connect({ port });
    const subject = new Subject(name, child, connection);
    await subject.ask(token === undefined ? "PING\n" : `AUTH ${token}\n`, 2);
    return subject;
  }

  /** Sends text, and reads so many lines. */
  async ask(text: string, lines: number): Promise<void> {
    await this.#connection.write(encoder.encode(text));
    const buffer = new Uint8Array(65_536);
    for (let left = lines; left > 0;) {
      const read = await this.#connection.read(buffer);
      if (read === null) throw new Error(`${this.name} has gone`);
      for (let i = 0; i < read; i++) if (buffer[i] === 0x0a) left--;
    }
  }

  /** The CPU time of the server in ms, over all its threads. */
  cpu(): number {
    let ns = 0;
    for (const { name } of Deno.readDirSync(`/proc/${this.#child.pid}/task`)) {
      const path = `/proc/${this.#child.pid}/task/${name}/schedstat`;
      ns += Number(Deno.readTextFileSync(path).split(" ")[0]);
    }
    return ns / 1e6;
  }

  async round(requests: string, lines: number): Promise<number> {
    const before = this.cpu();
    for (let i = 0; i < JOBS / DEPTH; i++) {
      await this.ask(requests.repeat(DEPTH), lines * DEPTH);
    }
    return this.cpu() - before;
  }

  close(): void {
    this.#connection.close();
    this.#child.kill("SIGKILL");
  }
}

const token = newToken("bench");
const path = await Deno.makeTempFile();
const rights = { put: ["mail.*", "jobs"], take: ["jobs"], see: ["*"] };
const tenantToken = newToken("tenant");
await Deno.writeTextFile(
  path,
  JSON.stringify({ name: "bench", tokens: [hashOfToken(token)], ...rights }) + "\n" +
    JSON.stringify({
      name: "tenant",
      tokens: [hashOfToken(tenantToken)],
      ...rights,
      keys: ["a", "b"],
    }),
);
const subjects = [
  await Subject.open("anonymous", []),
  await Subject.open("an identity", ["--identities", path], token),
  await Subject.open("one limited to keys", ["--identities", path], tenantToken),
];
const rounds = Number(Deno.args[0] ?? 9);
const loads = [
  // A TAKE is answered with the line of a job, its body and a last line.
  ["PUT and TAKE", "PUT jobs hello key=a\nTAKE jobs\n", 4],
  ["PING", "PING\n".repeat(10), 10],
] as const;
for (const [name, requests, lines] of loads) {
  for (const subject of subjects) await subject.round(requests, lines);
  const times = subjects.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, subject] of subjects.entries()) {
      times[i].push(await subject.round(requests, lines));
    }
  }
  for (const [i, { name: subject }] of subjects.entries()) {
    const ratio = median(times[0].map((time, round) => time / times[i][round])).toFixed(3);
    const us = (median(times[i]) / JOBS * 1000).toFixed(1);
    console.log(`${name}, ${subject}: ${us} us of CPU, ${ratio} of the throughput without`);
  }
}
for (const subject of subjects) subject.close();
await Deno.remove(path);
