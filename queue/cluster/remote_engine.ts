// The engines of another node as one: each method is a call over the connection to that node.

import type { Clock } from "../../scheduling/clock.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Caller, QueueClient } from "../engine/caller.ts";
import type {
  AttemptFailure,
  Claim,
  DeliveredJob,
  FailedCounts,
  FoundJob,
  FoundSchedule,
  JobDetails,
  JobFilter,
  JobList,
  LimitChange,
  ListFilter,
  NewSchedule,
  PutResult,
  QueueDetails,
  QueueFilter,
  QueueSummary,
  ScheduleDetails,
  TakeRequest,
} from "../engine/engine.ts";
import type { EndedHold } from "../engine/shard_engine.ts";
import type { KeyChoice } from "../patterns.ts";
import { busy } from "../refusals.ts";
import type { NewJob } from "../store/job_values.ts";
import type { QueueLimits } from "../store/store.ts";
import type { RemoteNode, WeighedJob } from "./directory.ts";
import { MOST_ITEMS } from "./forwarded.ts";
import type { ClientName } from "./node_clients.ts";
import { LinkLost, type NodeCall, type NodeLink } from "./node_link.ts";
import { NOT_OWNER } from "./routing.ts";
import { detailsOnClock, jobOnClock, queueOnClock } from "./times.ts";
import { fromBody, toBody, toWire } from "./wire_values.ts";

/** The longest JSON of a call that goes into the line, in characters. Longer ones go into the body. */
const LONGEST_IN_LINE = 2048;
/** The most bytes of an answer in parts. */
const MOST_BYTES = 1 << 26;

/** A value of another node, and how late it was there. */
interface TimedValue<T> {
  readonly value: T;
  readonly now: number;
}

/** The numbers of the clients of this process, for all other nodes. */
const numbers = new WeakMap<QueueClient, number>();
let lastNumber = 0;

/** The engines of another node. */
export class RemoteEngine implements RemoteNode {
  readonly readOnly = false;
  isLost = false;
  readonly #link: NodeLink;
  readonly #clock: Clock;
  /** The clients that have taken jobs there. */
  readonly #known = new WeakSet<QueueClient>();

  /** `clock` is that of this node. */
  constructor(link: NodeLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  figures(): Iterable<readonly [name: string, value: number]> {
    return [];
  }

  async close(): Promise<number> {
    await this.#link.close();
    return 0;
  }

  put(job: NewJob, { client, signal }: Caller): Promise<PutResult> {
    return this.#change("put", client, [job], signal);
  }

  async result(id: number, { client, signal, park }: Caller): Promise<Uint8Array> {
    return await park(this.#read<Uint8Array>("result", client, [id], signal));
  }

  setSchedule(
    schedule: NewSchedule,
    { client, signal }: Caller,
    shards?: readonly number[],
  ): Promise<number | undefined> {
    return this.#change("setSchedule", client, [schedule, shards], signal);
  }

  pauseSchedule(
    name: string,
    paused: boolean,
    shards?: readonly number[],
  ): Promise<number | undefined> {
    return this.#change("pauseSchedule", undefined, [name, paused, shards]);
  }

  endSchedule(name: string, shards?: readonly number[]): Promise<void> {
    return this.#change("endSchedule", undefined, [name, shards]);
  }

  findSchedule(name: string, shards?: readonly number[]): Promise<FoundSchedule | undefined> {
    return this.#read("findSchedule", undefined, [name, shards]);
  }

  schedules(shards?: readonly number[]): AsyncIterable<ScheduleDetails> {
    return this.#stream("schedules", [shards]);
  }

  take(request: TakeRequest, wait: number, caller: Caller): Promise<readonly WeighedJob[]> {
    const { client, ...rest } = request;
    const { signal } = caller;
    this.#tellEnd(client);
    const taking = this.#take(call("take", client, [rest, wait]), signal);
    return wait === 0 ? taking : caller.park(taking);
  }

  /** Jobs that come although nobody wants them any more go back. */
  async #take(body: NodeCall, signal: AbortSignal): Promise<readonly WeighedJob[]> {
    signal.throwIfAborted();
    const jobs: WeighedJob[] = [];
    const sent = this.#link.send({
      ...body,
      verb: "FETCH",
      onPart: (part) => void jobs.push(...fromBody(part) as WeighedJob[]),
    });
    const stop = (): void => sent.stop();
    signal.addEventListener("abort", stop);
    try {
      await sent.reply;
      this.isLost = false;
    } catch (error) {
      // Its jobs that were on their way are ready again, there or where the shard is then.
      throw this.#failed(error, true);
    } finally {
      signal.removeEventListener("abort", stop);
      if (signal.aborted && jobs.length > 0) this.giveBack(jobs.splice(0), false);
    }
    signal.throwIfAborted();
    return jobs;
  }

  giveBack(jobs: readonly DeliveredJob[], mayBeRead: boolean): void {
    this.#tell("giveBack", [jobs.map(({ body: _, ...job }) => job), mayBeRead]);
  }

  done(
    ids: readonly number[],
    { client, attempt }: Claim,
    result: Uint8Array,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#change("done", client, [ids, attempt, result], signal);
  }

  fail(
    ids: readonly number[],
    { client, attempt }: Claim,
    failure: AttemptFailure,
  ): Promise<FailedCounts> {
    return this.#change("fail", client, [ids, attempt, failure]);
  }

  extend(id: number, { client, attempt }: Claim, lease: number | undefined): Promise<number> {
    return this.#change("extend", client, [id, attempt, lease]);
  }

  release(
    id: number,
    { client, attempt }: Claim,
    delay: number,
    rank?: number,
  ): Promise<"ready" | "delayed"> {
    return this.#change("release", client, [id, attempt, delay, rank]);
  }

  needTaken(ids: readonly number[], { client, attempt }: Claim): Promise<void> {
    return this.#read("needTaken", client, [ids, attempt]);
  }

  endHolds(jobs: readonly EndedHold[]): void {
    this.#tell("endHolds", [jobs]);
  }

  find(id: number): Promise<FoundJob | undefined> {
    return this.#read("find", undefined, [id]);
  }

  async *queues(
    filter: QueueFilter = {},
    shards?: readonly number[],
  ): AsyncGenerator<QueueSummary, void, void> {
    for (let after = filter.after;;) {
      const args = [{ ...filter, after }, MOST_ITEMS, shards];
      const { value, now } = await this.#read<TimedValue<QueueSummary[]>>(
        "queues",
        undefined,
        args,
      );
      for (const queue of value) yield queueOnClock(queue, this.now() - now);
      if (value.length < MOST_ITEMS) return;
      after = value.at(-1)!.queue;
    }
  }

  async queue(name: string, top: number, key?: string, keys?: KeyChoice): Promise<QueueDetails> {
    const args = [name, top, key, keys];
    const { value, now } = await this.#read<TimedValue<QueueDetails>>("queue", undefined, args);
    return queueOnClock(value, this.now() - now);
  }

  async job(id: number): Promise<JobDetails> {
    const { value, now } = await this.#read<TimedValue<JobDetails>>("job", undefined, [id]);
    return detailsOnClock(value, this.now() - now);
  }

  async list(
    filter: ListFilter,
    max: number,
    after: number,
    { client, signal }: Caller,
  ): Promise<JobList> {
    const args = [filter, max, after];
    const { value, now } = await this.#read<TimedValue<JobList>>("list", client, args, signal);
    const ahead = this.now() - now;
    return { ...value, jobs: value.jobs.map((job) => jobOnClock(job, ahead)) };
  }

  drop(id: number): Promise<void> {
    return this.#change("drop", undefined, [id]);
  }

  purge(filter: JobFilter, { client, signal }: Caller): Promise<number> {
    return this.#change("purge", client, [filter], signal);
  }

  revive(id: number): Promise<void> {
    return this.#change("revive", undefined, [id]);
  }

  reviveAll(
    queue: string,
    key: string | undefined,
    { client, signal }: Caller,
    keys?: KeyChoice,
  ): Promise<number> {
    return this.#change("reviveAll", client, [queue, key, keys], signal);
  }

  limits(queue: string, key: string): Promise<QueueLimits> {
    return this.#read("limits", undefined, [queue, key]);
  }

  setLimits(queue: string, key: string, change: LimitChange): Promise<QueueLimits> {
    return this.#change("setLimits", undefined, [queue, key, change]);
  }

  allLimits(queue?: string, shards?: readonly number[]): AsyncIterable<QueueLimits> {
    return this.#stream("allLimits", [queue, shards]);
  }

  /** A call that changes something: if the connection is lost, it may have done so. */
  #change<T>(
    method: string,
    client: QueueClient | undefined,
    args: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#ask(call(method, client, args), signal, false);
  }

  /** A call that changes nothing. */
  #read<T>(
    method: string,
    client: QueueClient | undefined,
    args: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#ask(call(method, client, args), signal, true);
  }

  async #ask<T>(
    request: NodeCall,
    signal: AbortSignal | undefined,
    isRepeatable: boolean,
  ): Promise<T> {
    signal?.throwIfAborted();
    const sent = this.#link.send(request);
    const stop = (): void => sent.stop();
    signal?.addEventListener("abort", stop);
    try {
      const reply = await sent.reply;
      this.isLost = false;
      return fromBody(reply) as T;
    } catch (error) {
      throw this.#failed(error, isRepeatable);
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  /** A call whose answer nobody waits for. If it is lost, leases run out. */
  #tell(method: string, args: readonly unknown[]): void {
    this.#change(method, undefined, args).catch(() => {});
  }

  async *#stream<T>(method: string, args: readonly unknown[]): AsyncGenerator<T, void, void> {
    const items: T[] = [];
    let bytes = 0;
    const sent = this.#link.send({
      ...call(method, undefined, args),
      verb: "FETCH",
      onPart(part) {
        bytes += part.length;
        if (bytes > MOST_BYTES) sent.stop();
        else items.push(...fromBody(part) as T[]);
      },
    });
    try {
      await sent.reply;
      this.isLost = false;
    } catch (error) {
      if (bytes <= MOST_BYTES) throw this.#failed(error, true);
    }
    if (bytes > MOST_BYTES) throw busy("The answer of another node is too long to be merged.");
    yield* items;
  }

  #failed(error: unknown, isRepeatable: boolean): unknown {
    this.isLost = error instanceof LinkLost;
    return known(error, isRepeatable);
  }

  /** The other node learns when a client that takes jobs there is gone. */
  #tellEnd(client: QueueClient): void {
    if (this.#known.has(client)) return;
    this.#known.add(client);
    client.whenClosed(() => this.#tell("gone", [numbers.get(client)]));
  }
}

/** A call, with its JSON in the line where the body has bytes of its own. */
function call(
  method: string,
  client: QueueClient | undefined,
  args: readonly unknown[],
): NodeCall {
  const value = toWire([method, client === undefined ? null : nameOf(client), args]);
  const { json, parts } = value;
  if (parts.length !== 1 || json.length > LONGEST_IN_LINE) {
    return { verb: "FORWARD", body: toBody(value) };
  }
  return { verb: "FORWARD", call: json, body: parts[0] };
}

function nameOf(client: QueueClient): ClientName {
  let n = numbers.get(client);
  if (n === undefined) numbers.set(client, n = ++lastNumber);
  const { peer, identity } = client;
  return { n, peer, identity };
}

/** The error of a call as clients may get it. A call that had no effect, or may be repeated, goes where the shard is then. */
function known(error: unknown, isRepeatable: boolean): unknown {
  if (!(error instanceof LinkLost)) return error;
  const { executed, message } = error;
  if (isRepeatable || executed === "no") return new Refusal(NOT_OWNER, message, { retry: 0 });
  return new Refusal("internal", "The node that has this queue was lost while it was asked.", {
    executed: "maybe",
    cause: error,
  });
}
