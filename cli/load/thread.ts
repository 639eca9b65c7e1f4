// One thread of a load: its connections, from the first request to the last answer.

import type { ByteStream } from "../../net/mod.ts";
import { LoadConnection, type Watcher } from "./connection.ts";
import type { OutBytes } from "./out_bytes.ts";
import { ClosedLoopPacer, OpenLoopPacer, type Pacer, type RequestSender } from "./pace.ts";
import type { ThreadPlan } from "./plan.ts";
import { requestWriter } from "./request.ts";
import { ThreadTally, type Tick } from "./tally.ts";
import type { ValueSource } from "./template.ts";

const OPEN_MS = 10_000;
const RECONNECT_MS = 100;

/** A thread's share of a load. All times are those of `performance.now()`. */
export class LoadThread implements Watcher, RequestSender {
  readonly #plan: ThreadPlan;
  readonly #connect: () => Promise<ByteStream>;
  readonly #tally: ThreadTally;
  readonly #pace: Pacer;
  readonly #writers: readonly ((out: OutBytes) => void)[];
  /** The sums of the weights up to each request. */
  readonly #weightsUpTo: readonly number[];
  readonly #open = new Set<LoadConnection>();
  connections: LoadConnection[] = [];
  /** First connections that have neither greeted nor failed yet. */
  #opening: number;
  #left: number;
  #outstanding = 0;
  #stage: "opening" | "running" | "draining" | "over" = "opening";
  #until = Infinity;
  #bytes = { sent: 0, received: 0 };
  readonly #reconnects = new Set<ReturnType<typeof setTimeout>>();
  readonly #over = Promise.withResolvers<void>();
  readonly #greeted = Promise.withResolvers<void>();
  #refusal = "no greeting in time";

  /** Makes connections with `connect`. */
  constructor(plan: ThreadPlan, connect: () => Promise<ByteStream>) {
    this.#plan = plan;
    this.#connect = connect;
    this.#left = plan.most;
    this.#opening = plan.connections;
    this.#tally = new ThreadTally(plan.requests.length);
    this.#pace = plan.rate === undefined
      ? new ClosedLoopPacer(this)
      : new OpenLoopPacer(this, plan, Math.random);
    let n = plan.first - plan.step;
    const source: ValueSource = { next: () => n += plan.step, random: Math.random };
    this.#writers = plan.requests.map((request) => {
      const write = requestWriter(request);
      return (out) => write(out, source);
    });
    let sum = 0;
    this.#weightsUpTo = plan.requests.map(({ weight }) => sum += weight);
  }

  /** Connects. Resolves with the reason if no server greeted. */
  async open(): Promise<string | undefined> {
    const timer = setTimeout(() => this.#greeted.resolve(), OPEN_MS);
    for (let i = 0; i < this.#plan.connections; i++) this.#openOne();
    await this.#greeted.promise;
    clearTimeout(timer);
    if (this.connections.length > 0) return undefined;
    for (const connection of [...this.#open]) connection.close(this.#refusal);
    return this.#refusal;
  }

  async #openOne(): Promise<void> {
    let stream: ByteStream;
    try {
      stream = await this.#connect();
    } catch (error) {
      this.#failed((error as Error).message);
      return;
    }
    const connection = new LoadConnection(stream, this, this.#plan);
    this.#open.add(connection);
    connection.run();
    if (this.#stage === "over") connection.close();
  }

  /** Runs to the end. `tell` gets each tick. */
  async run(tell: (tick: Tick) => void): Promise<void> {
    const now = performance.now();
    const from = now + this.#plan.warmup;
    this.#until = from + this.#plan.duration;
    this.#tally.begin(from);
    this.#stage = "running";
    const report = (at: number): void => {
      let { sent, received } = this.#bytes;
      for (const connection of this.#open) {
        sent += connection.sent;
        received += connection.received;
      }
      tell(this.#tally.tick(at, sent, received));
    };
    const ticker = setInterval(() => report(performance.now()), this.#plan.tick);
    const end = setTimeout(() => this.stop(), this.#until - now);
    for (let i = this.#open.size; i < this.#plan.connections; i++) this.#reconnect();
    this.#pace.start(now, this.#until);
    await this.#over.promise;
    clearInterval(ticker);
    clearTimeout(end);
    for (const timer of this.#reconnects) clearTimeout(timer);
    for (const connection of [...this.#open]) connection.close();
    // The last tick ends with the last answer, not with the grace.
    report(Math.max(Math.min(performance.now(), this.#until), this.#tally.last));
  }

  /** Sends nothing more, waits for the answers in flight, and ends the run. A second call does not wait. */
  stop(): void {
    if (this.#stage === "draining") this.#finish();
    if (this.#stage !== "running") return;
    this.#stage = "draining";
    const now = performance.now();
    this.#until = Math.min(this.#until, now);
    this.#tally.unsent(Math.min(this.#left, this.#pace.stop(now)));
    if (this.#outstanding === 0) return this.#finish();
    const timer = setTimeout(() => this.#finish(), this.#plan.grace);
    this.#over.promise.then(() => clearTimeout(timer));
  }

  #finish(): void {
    this.#stage = "over";
    this.#over.resolve();
  }

  send(connection: LoadConnection, due: number, now: number): boolean {
    if (this.#left <= 0) return false;
    if (--this.#left === 0) queueMicrotask(() => this.stop());
    this.#outstanding++;
    const kind = this.#pick();
    this.#tally.sent(due, now);
    connection.send(kind, due, this.#writers[kind]);
    return true;
  }

  #pick(): number {
    const upTo = this.#weightsUpTo;
    if (upTo.length === 1) return 0;
    const at = Math.random() * upTo[upTo.length - 1];
    let kind = 0;
    while (at >= upTo[kind]) kind++;
    return kind;
  }

  greeted(connection: LoadConnection): void {
    this.connections.push(connection);
    if (this.#stage === "running") this.#pace.room(connection, performance.now());
    else if (--this.#opening === 0) this.#greeted.resolve();
  }

  answered(kind: number, due: number, code: string | undefined, now: number): void {
    this.#outstanding--;
    this.#tally.answered(kind, due, code, now);
  }

  room(connection: LoadConnection, now: number): void {
    if (this.#stage === "running") this.#pace.room(connection, now);
    if (this.#stage === "draining" && this.#outstanding === 0) this.#finish();
  }

  lost(_kind: number, due: number): void {
    this.#outstanding--;
    this.#tally.unanswered(due);
  }

  ended(connection: LoadConnection, why: string): void {
    this.#open.delete(connection);
    this.connections = this.connections.filter((each) => each !== connection);
    this.#bytes.sent += connection.sent;
    this.#bytes.received += connection.received;
    if (this.#stage !== "over") this.#failed(why);
  }

  /** A connection ended or failed. While the load runs, it is made again. */
  #failed(why: string): void {
    this.#refusal = why;
    this.#tally.lost(why);
    if (this.#stage === "opening" && --this.#opening === 0) this.#greeted.resolve();
    if (this.#stage === "draining" && this.#outstanding === 0) this.#finish();
    if (this.#stage === "running") this.#reconnect();
  }

  #reconnect(): void {
    const timer = setTimeout(() => {
      this.#reconnects.delete(timer);
      this.#openOne();
    }, RECONNECT_MS);
    this.#reconnects.add(timer);
  }
}
