// What `lineup work` says on standard error: sentences for people about what is not as it should be, or a line of JSON
// for all that happens.

import type { ClientEvent, TakenJob, WorkCounts, WorkEvent } from "../../client/mod.ts";
import type { LineWriter } from "../../net/line_writer.ts";
import { systemClock } from "../../net/clock.ts";
import { type LogEntry, RepeatingLog } from "../../server/log.ts";
import { complaint } from "../output.ts";
import { sentence } from "../reason.ts";
import type { Programs } from "./programs.ts";

/** Something that happened: its name, and what is to be known of it. */
type EventFields = Readonly<Record<string, unknown>>;

/** Tells what happens. */
export class Log {
  readonly #writer: LineWriter;
  readonly #json: boolean;
  readonly #repeating = new RepeatingLog(systemClock, ({ text, times }) => {
    this.#writer.line(complaint(times === undefined ? text : `${text} (${times} times)`));
  });
  #isLost = false;
  #isOver = false;
  #isUnread = false;
  #trouble: string | undefined;

  /** A log that goes to standard error. */
  constructor(writer: LineWriter, json: boolean) {
    this.#writer = writer;
    this.#json = json;
  }

  /** Tells an event; without a `text` it is told in JSON only. */
  tell(event: string, fields: EventFields, text?: string): void {
    if (this.#json) {
      this.#writer.line(JSON.stringify({ time: new Date().toISOString(), event, ...fields }));
    } else if (text !== undefined) this.#writer.line(complaint(text));
  }

  /** As `tell`, for what comes and goes by itself: to people it is told less and less often. */
  #repeat(level: LogEntry["level"], event: string, fields: EventFields, text?: string): void {
    if (this.#json) this.tell(event, fields);
    else if (text !== undefined) this.#repeating.add({ level, message: event, text });
  }

  /** A program was started for a job. */
  started(job: TakenJob): void {
    this.#trouble = undefined;
    this.tell("started", facts(job));
  }

  /** Something happened to the worker. */
  worker(event: WorkEvent, programs: Programs): void {
    if (event.type === "trouble") return this.#troubled(event.error, event.ms);
    const { type, job } = event;
    const known = { ...facts(job), ms: programs.msOf(job) };
    const name = `job ${job.id} of ${job.queue}`;
    switch (type) {
      case "done":
        return this.tell(type, known);
      case "released":
        return this.tell(type, known, this.#isUnread ? undefined : `${name} is given back`);
      case "lost": {
        const killed = programs.runs(job) ? "; its program is killed" : "";
        const reason = event.error.message;
        return this.tell(type, { ...known, reason }, `${name} is lost: ${reason}${killed}`);
      }
      case "failed": {
        const { error: { message: reason }, state } = event;
        const now = state === "dead" ? "it is dead" : "it is tried again";
        const failed = `${name} failed, attempt ${job.attempt}: ${reason}; ${now}`;
        return this.tell(type, { ...known, reason, state }, failed);
      }
    }
  }

  /** What keeps the worker from taking jobs is told once. */
  #troubled({ message }: Error, ms: number): void {
    // A lost connection is told as such.
    const isNew = !this.#isLost && message !== this.#trouble;
    this.#trouble = message;
    const text = isNew ? `no jobs can be taken: ${sentence(message)} Trying again.` : undefined;
    this.#repeat("error", "trouble", { reason: message, ms }, text);
  }

  /** A program could not be started, and is tried again: told once until one was. */
  cannotStartYet({ message }: Error): void {
    const text = message === this.#trouble ? undefined : `${message}; trying again`;
    this.#trouble = message;
    this.#repeat("error", "cannot-start-yet", { reason: message }, text);
  }

  /** Standard output cannot be written. */
  cannotPrint({ message }: Error): void {
    this.tell("cannot-print", { reason: message }, message);
  }

  /** Nobody reads standard output any more. That is an end as any other: people are told nothing of the jobs it gives back. */
  unread(): void {
    this.#isUnread = true;
  }

  /** No more jobs are taken, because somebody wants it. */
  draining(running: number): void {
    const jobs = `${running} job${running === 1 ? " still runs" : "s still run"}`;
    const text = `${jobs}; no more are taken, and another signal gives them back`;
    this.tell("drain", { running }, running > 0 ? text : undefined);
  }

  /** It is over, and the connection ends on purpose. */
  ending(counts: WorkCounts): void {
    this.#isOver = true;
    this.tell("end", { ...counts });
  }

  /** Something happened to the connection. */
  client(event: ClientEvent): void {
    if (this.#isOver) return;
    const { type } = event;
    if (type === "connected") {
      const text = this.#isLost ? `connected again to ${event.address}` : undefined;
      this.#isLost = false;
      this.#repeat("info", type, { address: event.address }, text);
    }
    if (type === "disconnected") {
      const { address, error: { message: reason } } = event;
      const text = this.#isLost
        ? undefined
        : `connection lost: ${sentence(reason)} Connecting again.`;
      this.#isLost = true;
      this.#repeat("error", type, { address, reason }, text);
    }
  }
}

function facts({ id, queue, key, attempt }: TakenJob): EventFields {
  return { id, queue, key, attempt };
}
