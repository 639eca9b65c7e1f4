// No request of one line holds the event loop for more than 20 ms. The fuzzer measures CPU time of the thread. On a busy
// machine this may be two or three times as much as on an idle one, because programs share caches and cores, and it
// contains collections of garbage. So a request that took too long is repeated: the least time of many counts as its own.

import { queueProtocol } from "@lineup/lineup/queue";
import { compile } from "@lineup/lineup/protocol";
import { specDocument } from "../../../protocol/document.ts";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { CostRequests, type Known } from "./cost_requests.ts";
import type { Attacker, Costed } from "./costed.ts";

/** The longest time that a request may hold the event loop, in ms of CPU time. */
const MOST_MS = 20;
/** A request that takes this long only once is examined: its cost may have come from the state of the queue then. */
const SUSPICIOUS_MS = 2 * MOST_MS;
/** The most repetitions of a request, and of a suspicious one with all requests before it. One in time ends them. */
const REPEATS = 20;
const REPLAYS = 6;
// LINEUP_LONG=100 makes it 30,000 requests to each server, and the queues four times as large.
const REQUESTS = LONG > 1 ? 300 * LONG : 150;
/** The number of requests after which a connection is closed, with all requests that still wait. */
const A_CONNECTION = 40;

const JOBS = Math.min(4, LONG) * 25_000;
/** The contents of a queue on disk. */
export const ON_DISK: Known = { jobs: JOBS, queues: 1_000, keys: 10_000, schedules: 10_000 };
/** The contents of a queue in memory. */
export const IN_MEMORY: Known = { jobs: JOBS / 5, queues: 500, keys: 2_000, schedules: 1_000 };
/** The commands of the queue. */
export const spec: ReturnType<typeof specDocument> = specDocument(compile(queueProtocol));

/** Starts a server with these contents. */
export type Start = () => Promise<Costed>;

/** A request that took too long, and its least time. */
interface Suspect {
  readonly index: number;
  held: number;
}

/** Clients one after the other. Each sends some of the requests. */
class Attack {
  readonly #server: Costed;
  #attacker: Attacker | undefined = undefined;
  #sent = 0;

  constructor(server: Costed) {
    this.#server = server;
  }

  /** Sends a request. Resolves with the time that it held the event loop, or at once where it is not `measured`. */
  async send(request: Uint8Array, tag: string, measured = true): Promise<number> {
    if (!this.#attacker?.free || this.#sent++ % A_CONNECTION === 0) {
      this.close();
      this.#attacker = await this.#server.attacker();
    }
    const attacker = this.#attacker;
    // This does not wait: the server does not read a client with too many waiting requests.
    attacker.send(request);
    if (!measured) return await this.#server.ping();
    const { answered } = attacker;
    return await this.#server.held(() => attacker.ended || answered.has(tag) || answered.has("-"));
  }

  close(): void {
    this.#attacker?.[Symbol.dispose]();
    this.#attacker = undefined;
  }
}

function* requestsOf(known: Known): Generator<[request: Uint8Array, tag: string], void, void> {
  const requests = new CostRequests(seededRandom(SEED), spec, known);
  for (let n = 0; n < REQUESTS; n++) yield [requests.next(`t${n}`), `t${n}`];
}

/** Sends the requests. Resolves with those that took too long, and with the least time of their repetitions. */
async function suspectsOf(start: Start, known: Known): Promise<Suspect[]> {
  await using server = await start();
  const attack = new Attack(server);
  const suspects: Suspect[] = [];
  let index = 0;
  for (const [request, tag] of requestsOf(known)) {
    let held = await attack.send(request, tag);
    const first = held;
    for (let again = 1; held > MOST_MS && again < REPEATS; again++) {
      attack.close();
      held = Math.min(held, await attack.send(request, tag));
    }
    if (held > MOST_MS) throw new Error(tell(request, held));
    if (first > SUSPICIOUS_MS) suspects.push({ index, held: first });
    index++;
  }
  attack.close();
  return suspects;
}

/** Sends all requests to a new server. Checks that the suspects are not slow again. */
async function replay(start: Start, known: Known, suspects: readonly Suspect[]): Promise<void> {
  await using server = await start();
  const attack = new Attack(server);
  let index = 0;
  for (const [request, tag] of requestsOf(known)) {
    const suspect = suspects.find((each) => each.index === index++);
    const held = await attack.send(request, tag, suspect !== undefined);
    if (suspect !== undefined) suspect.held = Math.min(suspect.held, held);
    if (index > suspects[suspects.length - 1].index) break;
  }
  attack.close();
}

function tell(request: Uint8Array, held: number): string {
  const text = JSON.stringify(new TextDecoder().decode(request.subarray(0, 10_000)));
  return `${
    held.toFixed(1)
  } ms of CPU time in a turn with LINEUP_SEED=${SEED} LINEUP_LONG=${LONG} for ${text}`;
}

/** Sends requests of this seed. Rejects where one holds the event loop for too long, each time that it is sent. */
export async function fuzz(start: Start, known: Known): Promise<void> {
  let suspects = await suspectsOf(start, known);
  for (let time = 0; time < REPLAYS && suspects.length > 0; time++) {
    await replay(start, known, suspects);
    suspects = suspects.filter(({ held }) => held > MOST_MS);
  }
  if (suspects.length === 0) return;
  const [{ index, held }] = suspects;
  const [request] = [...requestsOf(known)][index];
  throw new Error(tell(request, held));
}
