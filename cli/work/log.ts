// The log of `lineup work` on standard error: sentences about problems for people, or a line of JSON for each event.

import type { ClientEvent, TakenJob, WorkCounts, WorkEvent } from "../../client/mod.ts";
import type { LineWriter } from "../../net/line_writer.ts";
import { systemClock } from "../../net/clock.ts";
import type { LogEntry } from "../../server/log.ts";
import { RepeatingLog } from "../../server/repeating_log.ts";
import { counted } from "../figures.ts";
import { complaint } from "../output.ts";
import { sentence } from "../reason.ts";
import type { Programs } from "./programs.ts";

/** The fields of an event in JSON. */
type EventFields = Readonly<Record<string, unknown>>;

/** Writes the log. */
export class WorkLog {
  readonly #writer: Pick<LineWriter, "line">;
  readonly #json: boolean;
  readonly #repeating = new RepeatingLog(systemClock, ({ text, times }) => {
    this.#writer.line(complaint(times === undefined ? text : `${text} (${times} times)`));
  });
  #isLost = false;
  #isOver = false;
  #isUnread = false;
  #trouble: string | undefined;

  /** A log that goes to `writer`. */
  constructor(writer: Pick<LineWriter, "line">, json: boolean) {
    this.#writer = writer;
    this.#json = json;
  }

  /** Logs an event. Without a `text` only JSON has it. */
  tell(event: string, fields: EventFields, text?: string): void {
    if (this.#json) {
      this.#writer.line(JSON.stringify({ time: new Date().toISOString(), event, ...fields }));
    } else if (text !== undefined) this.#writer.line(complaint(text));
  }

  /** As `tell`, for events that repeat: people see them less and less often. */
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

  /** Logs once why no jobs can be taken. */
  #troubled({ message }: Error, ms: number): void {
    // A lost connection has an event of its own.
    const isNew = !this.#isLost && message !== this.#trouble;
    this.#trouble = message;
    const text = isNew ? `no jobs can be taken: ${sentence(message)} Trying again.` : undefined;
    this.#repeat("error", "trouble", { reason: message, ms }, text);
  }

  /** A program could not be started and is tried again. Logged once until a program starts. */
  cannotStartYet({ message }: Error): void {
    const text = message === this.#trouble ? undefined : `${message}; trying again`;
    this.#trouble = message;
    this.#repeat("error", "cannot-start-yet", { reason: message }, text);
  }

  /** Standard output cannot be written. */
  cannotPrint({ message }: Error): void {
    this.tell("cannot-print", { reason: message }, message);
  }

  /** Standard output is closed. That is an ordinary end: people see nothing of the jobs that are given back. */
  unread(): void {
    this.#isUnread = true;
  }

  /** No more jobs are taken, because a signal came. */
  draining(running: number): void {
    const jobs = `${counted(running, "job")} still ${running === 1 ? "runs" : "run"}`;
    const text = `${jobs}; no more are taken, and another signal gives them back`;
    this.tell("drain", { running }, running > 0 ? text : undefined);
  }

  /** The worker has ended, and closes its connection. */
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
