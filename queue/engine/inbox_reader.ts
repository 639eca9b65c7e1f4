// Moves jobs from the inbox of a store into the queue, when it is told of some.

import type { Clock } from "../../scheduling/clock.ts";
import type { Log } from "../log.ts";
import type { Inbox, InboxJob } from "../store/store.ts";
import type { Put } from "./transitions.ts";

/** How long after jobs could not be moved that is tried again, in ms. */
const RETRY_MS = 2_000;
/** How many jobs are moved at a time. */
const MOST = 500;

/** Moves jobs from an inbox. */
export class InboxReader {
  readonly #inbox: Inbox;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #put: (job: InboxJob) => Put;
  #stopTimer: (() => void) | undefined = undefined;
  #reading: Promise<void> | undefined = undefined;
  #hasNews = false;
  #stopped = false;
  #failing = false;

  /** `put` puts a job, and throws if that is not possible now. */
  constructor(inbox: Inbox, clock: Clock, log: Log, put: (job: InboxJob) => Put) {
    this.#inbox = inbox;
    this.#clock = clock;
    this.#log = log;
    this.#put = put;
  }

  /** Moves jobs from now on. */
  start(): void {
    this.#inbox.listen(() => this.#look());
  }

  /** Ends it. Resolves once nothing is on its way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopTimer?.();
    await this.#reading;
  }

  #look(): void {
    if (this.#stopped) return;
    this.#hasNews = true;
    this.#reading ??= this.#readAll();
  }

  async #readAll(): Promise<void> {
    this.#stopTimer?.();
    let isLeft = false;
    try {
      while (this.#hasNews && !this.#stopped) {
        this.#hasNews = false;
        const { more, refused } = await this.#readSome();
        if (more) this.#hasNews = true;
        isLeft = refused;
      }
      this.#failing = false;
    } catch (error) {
      isLeft = true;
      if (!this.#failing) {
        this.#log({ level: "error", message: "the inbox of the queue cannot be read", error });
      }
      this.#failing = true;
    }
    this.#reading = undefined;
    if (isLeft && !this.#stopped) this.#stopTimer = this.#clock.after(RETRY_MS, () => this.#look());
  }

  /** Moves some jobs. Resolves with whether there may be more that can be moved now, and whether some could not. */
  async #readSome(): Promise<{ more: boolean; refused: boolean }> {
    const jobs = await this.#inbox.next(MOST);
    const useless: InboxJob[] = [];
    const refused: InboxJob[] = [];
    await Promise.all(jobs.map(async (job) => {
      if (job.expires !== undefined && job.expires < 1) {
        useless.push(job);
        return;
      }
      try {
        const { duplicate, written } = this.#put(job);
        await written;
        if (duplicate) useless.push(job);
      } catch {
        // The queue is full, or the store fails: it stays in the inbox.
        refused.push(job);
      }
    }));
    if (useless.length > 0) await this.#inbox.refuse(useless);
    this.#inbox.putBack(refused);
    return { more: jobs.length === MOST && refused.length === 0, refused: refused.length > 0 };
  }
}
