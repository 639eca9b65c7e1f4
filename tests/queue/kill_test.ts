// A server on a file is killed at a random moment under load, again and again, and what clients were told before is
// compared with what they are told after. A kill takes nothing from the operating system, so this is about the
// process; that the disk has it before anybody is told is what `synchronous=FULL` is for.

import { LONG, SEED, seededRandom } from "../seeded_random.ts";
import { attemptsOf, BRIEF, Ledger, LONG_LEASE, type Operation, type Shown } from "./ledger.ts";
import { type Running, startServer } from "./server_process.ts";
import type { Session } from "./session.ts";
import { withDirectory } from "./temporary.ts";

const ROUNDS = 20;
// The older a file is the more there is to compare; and a new one has its own first moments.
const ROUNDS_A_FILE = 10;
const CLIENTS = 6;

type Random = (below: number) => number;

/** One client: batches of requests, each answered before the next is sent. */
class Client {
  /** Of the last batch: what was sent, and not answered. */
  unanswered: Operation[] = [];
  readonly #ledger: Ledger;
  readonly #below: Random;
  readonly #name: string;
  #held: { id: number; attempt: number }[] = [];
  #puts = 0;

  constructor(ledger: Ledger, below: Random, name: string) {
    this.#ledger = ledger;
    this.#below = below;
    this.#name = name;
  }

  /** Goes on with jobs that were taken before the server was killed. */
  hold(id: number, attempt: number): void {
    this.#held.push({ id, attempt });
  }

  /** Works until the connection ends. */
  async work(session: Session, onAnswer: () => void): Promise<void> {
    for (;;) {
      const batch = Array.from({ length: 1 + this.#below(16) }, () => this.#next());
      this.unanswered = [...batch];
      try {
        await session.send(batch.map((each) => line(each)).join(""));
        for (const each of batch) {
          const reply = await session.reply();
          this.unanswered.shift();
          this.#answered(each, reply);
          onAnswer();
        }
      } catch (error) {
        if (isLost(error)) return;
        throw error;
      }
    }
  }

  #next(): Operation {
    const chance = this.#below(100);
    if (this.#held.length > 0 && chance < 55) {
      const [{ id, attempt }] = this.#held.splice(this.#below(this.#held.length), 1);
      if (chance < 35) return { kind: "done", id, attempt };
      if (chance < 50) {
        const way = (["ready", "ready", "delayed", "dead"] as const)[this.#below(4)];
        return { kind: "fail", id, attempt, way };
      }
      return {
        kind: "extend",
        id,
        attempt,
        lease: LONG_LEASE + this.#below(1e6),
        sent: Date.now(),
      };
    }
    if (chance < 78) {
      const lease = this.#below(5) === 0 ? BRIEF : LONG_LEASE;
      return { kind: "take", max: 1 + this.#below(4), lease, sent: Date.now() };
    }
    const attempts = 1 + this.#below(4);
    const body = `${this.#name}-${++this.#puts}-${"x".repeat(this.#below(300))}-${attempts}`;
    return { kind: "put", body, delayed: this.#below(8) === 0, attempts };
  }

  #answered(asked: Operation, reply: string): void {
    const ledger = this.#ledger;
    if (isShed(reply)) {
      if ("id" in asked) this.hold(asked.id, asked.attempt);
      return;
    }
    const wrong = new Error(`${line(asked).trim()} was answered ${reply}`);
    switch (asked.kind) {
      case "put": {
        const id = /^OK id=(\d+)$/.exec(reply)?.[1];
        if (id === undefined) throw wrong;
        return ledger.put(Number(id), asked);
      }
      case "take": {
        if (!/(^|\n)OK count=\d+$/.test(reply)) throw wrong;
        for (const [, id, attempt, body] of reply.matchAll(ITEM)) {
          ledger.given(Number(id), Number(attempt), body, asked);
          if (asked.lease !== BRIEF) this.#held.push({ id: Number(id), attempt: Number(attempt) });
        }
        return;
      }
      case "done":
        if (reply !== "OK") throw wrong;
        return ledger.done(asked);
      case "fail": {
        const state = /^OK state=(\w+)$/.exec(reply)?.[1];
        if (state === undefined) throw wrong;
        return ledger.failed(asked, state);
      }
      case "extend":
        if (!reply.startsWith("OK lease=")) throw wrong;
        ledger.extended(asked);
        this.hold(asked.id, asked.attempt);
    }
  }
}

const ITEM = /\* id=(\d+) queue=work (?:key=\w+ )?attempt=(\d+) lease=\w+ \{\d+\}\n(.*)(?=\n)/g;

function line(asked: Operation): string {
  switch (asked.kind) {
    case "put": {
      const { body, delayed, attempts } = asked;
      const key = body.charCodeAt(body.indexOf("-") + 1) % 3;
      return `PUT work ${body} key=k${key} attempts=${attempts}${delayed ? " delay=1d" : ""}\n`;
    }
    case "take":
      return `TAKE work max=${asked.max} lease=${asked.lease}ms\n`;
    case "done":
      return `DONE ${asked.id} attempt=${asked.attempt}\n`;
    case "fail": {
      const how = { ready: "", delayed: " retry=1d", dead: " dead=yes" }[asked.way];
      return `FAIL ${asked.id} reason="no luck" attempt=${asked.attempt}${how}\n`;
    }
    case "extend":
      return `EXTEND ${asked.id} attempt=${asked.attempt} lease=${asked.lease}ms\n`;
  }
}

/** Whether a request was refused, and not executed, because this machine does not keep up. */
function isShed(reply: string): boolean {
  return reply.startsWith("ERR busy ");
}

function isLost(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.BadResource ||
    (error instanceof Error && error.message === "the server closed the connection");
}

/** Runs load until so many requests were answered, and kills the server then; resolves with what was not answered. */
async function killUnderLoad(
  server: Running,
  clients: readonly Client[],
  answers: number,
): Promise<Operation[]> {
  // Before any of them works: a server that is killed sooner greets nobody.
  const sessions = await Promise.all(clients.map(() => server.session()));
  const enough = Promise.withResolvers<void>();
  let left = answers;
  const onAnswer = (): void => {
    if (--left === 0) enough.resolve();
  };
  const working = clients.map((client, at) => client.work(sessions[at], onAnswer));
  const all = Promise.all(working);
  try {
    await Promise.race([enough.promise, all]);
  } finally {
    await server.end("SIGKILL");
  }
  await all;
  return clients.flatMap(({ unanswered }) => unanswered.splice(0));
}

/** Asks a server about jobs. */
async function look(
  session: Session,
  ids: number[],
): Promise<Map<number, Shown | undefined>> {
  const shown = new Map<number, Shown | undefined>();
  for (let left = ids; left.length > 0;) {
    const some = left.slice(0, 50);
    left = left.slice(50);
    const sent = Date.now();
    await session.send(some.map((id) => `JOB ${id}\n`).join(""));
    for (const id of some) {
      const reply = await session.reply();
      if (isShed(reply)) left.push(id);
      else shown.set(id, read(reply, sent));
    }
  }
  return shown;
}

function read(reply: string, sent: number): Shown | undefined {
  if (reply.startsWith("ERR not-found")) return undefined;
  const [head, body] = reply.split("\n");
  const option = (name: string): string | undefined =>
    new RegExp(` ${name}=(\\S+)`).exec(head)?.[1];
  const left = duration(option("left"));
  return {
    state: option("state") as Shown["state"],
    attempt: Number(option("attempt")),
    attempts: attemptsOf(body),
    body,
    ends: [sent + left, Date.now() + left],
  };
}

function duration(text = "0ms"): number {
  const [, number, unit] = /^(\d+)(ms|s)$/.exec(text)!;
  return Number(number) * (unit === "s" ? 1000 : 1);
}

async function rounds(seed: number, count: number): Promise<void> {
  const random = seededRandom(seed);
  const below: Random = (limit) => Math.floor(random() * limit);
  const ledger = new Ledger();
  await withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    let server = await startServer(path);
    for (let round = 1; round <= count; round++) {
      const clients = Array.from(
        { length: CLIENTS },
        (_, at) => new Client(ledger, below, `${round}.${at}`),
      );
      for (const { id, attempt } of ledger.held()) clients[below(CLIENTS)].hold(id, attempt);
      const unanswered = await killUnderLoad(server, clients, 1 + below(2000));
      server = await startServer(path);
      try {
        const session = await server.session();
        ledger.settle(await look(session, ledger.suspects(unanswered)), unanswered);
        const { delayed, ready, taken, dead } = ledger.counts();
        const counted = `delayed=${delayed} ready=${ready} taken=${taken} dead=${dead} `;
        let told = await session.ask("QUEUES");
        while (isShed(told)) told = await session.ask("QUEUES");
        if (delayed + ready + taken + dead > 0 && !told.includes(counted)) {
          throw new Error(`QUEUES says ${told} instead of ${counted}`);
        }
      } catch (error) {
        await server.end("SIGKILL");
        throw new Error(`failed after kill ${round} of LINEUP_SEED=${seed}`, { cause: error });
      }
    }
    await server.end("SIGTERM");
  });
}

Deno.test(`kill -9 under load, ${ROUNDS * LONG} times: what was acknowledged is so, and nothing else`, async () => {
  const files = ROUNDS * LONG / ROUNDS_A_FILE;
  for (let file = 0; file < files; file++) await rounds(SEED + file, ROUNDS_A_FILE);
});
