// Kills a server at random moments under load, again and again, and compares the answers to clients before and after the
// kill.

import { seededRandom } from "../../seeded_random.ts";
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
import { attemptsOf, Ledger, type Operation, ROUNDING, type Shown } from "./ledger.ts";
import { type Running, startServer } from "./server_process.ts";

import type { RawClient } from "../../raw_client.ts";

const CLIENTS = 6;
const QUEUES = [FREE, CAPPED];
// Caps change in few rounds: a change makes the allowed numbers less certain.
const ROUNDS_A_CHANGE = 3;
/** The requests of 100 of one client that change a cap in these rounds. */
const CHANGES = 5;

/** Begins to trouble the database of a server under load. */
export type Disturbance = () => {
  /** Ends that, so that a server can start. */
  end(): Promise<void>;
};

/** Runs load until a number of requests were answered, then kills the server. Resolves with the unanswered requests. */
async function killUnderLoad(
  server: Running,
  clients: readonly Client[],
  answers: number,
  disturb?: Disturbance,
): Promise<Operation[]> {
  // All sessions open before any client works: a server that is killed sooner would send no greeting.
  const sessions = await Promise.all(clients.map(() => server.session()));
  const enough = Promise.withResolvers<void>();
  let left = answers;
  const onAnswer = (): void => {
    if (--left === 0) enough.resolve();
  };
  const isFragile = disturb !== undefined;
  const working = clients.map((client, at) => client.work(sessions[at], onAnswer, isFragile));
  const all = Promise.all(working);
  const disturbing = disturb?.();
  try {
    await Promise.race([enough.promise, all]);
    await disturbing?.end();
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
  // Behind the lines of its attempts.
  const [head, body] = reply.replace(/^(\* .*\n)+/, "").split("\n");
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

/**
 * Kills a server on an empty place so many times, under load. Rejects where a change that was acknowledged is not there, or
 * another one is, or a cap was exceeded.
 *
 * @param place as `serve_place.ts` takes it
 * @param disturbances of the database under load; one of them, or none, in each round
 * @param precision a lease may end so many ms later than it was granted
 * @param shards how many shards the place has
 */
export async function killRounds(
  seed: number,
  count: number,
  place: string,
  disturbances: readonly (Disturbance | undefined)[] = [undefined],
  precision: number = ROUNDING,
  shards: number = 1,
): Promise<void> {
  const random = seededRandom(seed);
  const below: Random = (limit) => Math.floor(random() * limit);
  const ledger = new Ledger(precision, shards);
  const caps = new Caps(Object.keys(CAPS));
  let server = await startServer(place);
  await setCaps(server, caps);
  for (let round = 1; round <= count; round++) {
    try {
      const filler = new Client(ledger, caps, below, `${round}`, 0);
      await filler.fill(await server.session());
      caps.reached(CAPPED);
      const clients = round === 1 ? [] : crowd(ledger, caps, below, round);
      const disturb = disturbances[below(disturbances.length)];
      const unanswered = await killUnderLoad(server, clients, 1 + below(2000), disturb);
      server = await startServer(place);
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
}
