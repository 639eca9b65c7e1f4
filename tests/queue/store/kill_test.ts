// Kills a server on a file at random moments under load, again and again, and compares the answers to clients before
// and after the kill. A kill takes nothing from the operating system, so this tests the process. `synchronous=FULL` is
// responsible for the disk: a change is on it before a client is told.

import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { Caps } from "./caps.ts";
import {
  CAPPED,
  CAPS,
  Client,
  FREE,
  insist,
  isShed,
  limitLine,
  type Random,
} from "./killed_client.ts";
import { attemptsOf, Ledger, type Operation, type Shown } from "./ledger.ts";
import { type Running, startServer } from "./server_process.ts";

import { withDirectory } from "../../temporary_directory.ts";
import type { RawClient } from "../../raw_client.ts";

// LINEUP_LONG=60 makes it 300 kills.
const ROUNDS = 5;
// An old file has more to compare, and a new one has its own first moments.
const ROUNDS_A_FILE = Math.min(10, ROUNDS * LONG);
const CLIENTS = 6;
const QUEUES = [FREE, CAPPED];
// Caps change in few rounds: a change makes the allowed numbers less certain.
const ROUNDS_A_CHANGE = 3;
/** The requests of 100 of one client that change a cap in these rounds. */
const CHANGES = 5;

/** Runs load until a number of requests were answered, then kills the server. Resolves with the unanswered requests. */
async function killUnderLoad(
  server: Running,
  clients: readonly Client[],
  answers: number,
): Promise<Operation[]> {
  // All sessions open before any client works: a server that is killed sooner would send no greeting.
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
  session: RawClient,
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

/** The caps of a server, by LIMITS. */
async function lookAtCaps(session: RawClient): Promise<Map<string, number>> {
  const told = await insist(session, "LIMITS");
  const caps = [...told.matchAll(/^\* queue=(\w+)(?: key=(\w+))? running=(\d+)$/gm)];
  if (!told.endsWith(`OK count=${caps.length}`)) throw new Error(`LIMITS says ${told}`);
  return new Map(
    caps.map(([, queue, key, running]) => [
      key === undefined ? queue : `${queue}/${key}`,
      Number(running),
    ]),
  );
}

/** Checks everything after a restart. */
async function settle(
  server: Running,
  ledger: Ledger,
  caps: Caps,
  unanswered: readonly Operation[],
): Promise<void> {
  const session = await server.session();
  ledger.settle(await look(session, ledger.suspects(unanswered)), unanswered);
  caps.settle(
    ledger.held().map(({ id }) => ledger.counted(id)),
    await lookAtCaps(session),
    unanswered.filter((each) => each.kind === "limit"),
  );
  const told = await insist(session, "QUEUES");
  for (const queue of QUEUES) {
    const { delayed, ready, taken, dead } = ledger.counts(queue);
    const counted = `* ${queue} delayed=${delayed} ready=${ready} taken=${taken} dead=${dead} `;
    if (delayed + ready + taken + dead > 0 && !told.includes(counted)) {
      throw new Error(`QUEUES says ${told} instead of ${counted}`);
    }
  }
}

async function setCaps(server: Running, caps: Caps): Promise<void> {
  const session = await server.session();
  for (const [scope, running] of Object.entries(CAPS)) {
    await insist(session, limitLine(scope, running).trim());
    caps.set(scope, running);
  }
  caps.settle([], await lookAtCaps(session), []);
}

/** Makes clients that share the held jobs. */
function crowd(ledger: Ledger, caps: Caps, below: Random, round: number): Client[] {
  const changes = below(ROUNDS_A_CHANGE) === 0 ? CHANGES : 0;
  const clients = Array.from(
    { length: CLIENTS },
    // At most one client changes caps: with two, the last change would be unknown.
    (_, at) => new Client(ledger, caps, below, `${round}.${at}`, at === 0 ? changes : 0),
  );
  for (const { id, attempt } of ledger.held()) clients[below(CLIENTS)].hold(id, attempt);
  return clients;
}

async function rounds(seed: number, count: number): Promise<void> {
  const random = seededRandom(seed);
  const below: Random = (limit) => Math.floor(random() * limit);
  const ledger = new Ledger();
  const caps = new Caps(Object.keys(CAPS));
  await withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    let server = await startServer(path);
    await setCaps(server, caps);
    for (let round = 1; round <= count; round++) {
      try {
        const filler = new Client(ledger, caps, below, `${round}`, 0);
        await filler.fill(await server.session());
        caps.reached(CAPPED);
        const clients = round === 1 ? [] : crowd(ledger, caps, below, round);
        const unanswered = await killUnderLoad(server, clients, 1 + below(2000));
        server = await startServer(path);
        await settle(server, ledger, caps, unanswered);
        // No client has released a job.
        if (round === 1) { for (const scope of Object.keys(CAPS)) caps.reached(scope); }
      } catch (error) {
        // The server may have been killed already.
        await server.end("SIGKILL").catch(() => {});
        throw new Error(`failed after kill ${round} of LINEUP_SEED=${seed}`, { cause: error });
      }
    }
    await server.end("SIGTERM");
  });
}

Deno.test(`kill -9 under load, ${ROUNDS * LONG} times: every acknowledged change lasts, and no other; caps hold`, async () => {
  const files = ROUNDS * LONG / ROUNDS_A_FILE;
  for (let file = 0; file < files; file++) await rounds(SEED + file, ROUNDS_A_FILE);
});
