// Batches as they travel between the server and the thread that writes: changes in, jobs out, a few flat columns each.

import type { JobProgress, StoredJob } from "../job_fields.ts";
import { jobFields } from "../job_fields.ts";
import { limitFields, scheduleFields } from "../queue_fields.ts";
import type { Change, QueueLimits, Schedule } from "../store.ts";
import { ColumnReader, type Columns, ColumnWriter, recordReader, recordWriter } from "./columns.ts";
import { JobReader, JobWriter, readProgress, writeProgress } from "./job_columns.ts";

/** Changes: for each its kind (the index in `kinds`), and what that kind has. */
export interface Batch extends Columns {
  /** The bodies of all changes, one behind the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const kinds: readonly Change["kind"][] = [
  "put",
  "move",
  "drop",
  "finish",
  "limits",
  "schedule",
  "reschedule",
  "unschedule",
];
const numberOf = Object.fromEntries(kinds.map((kind, at) => [kind, at])) as Record<
  Change["kind"],
  number
>;

/** The most numbers of a change: its kind, a record, the length of a body. */
const MOST = 2 + Math.max(jobFields.length, limitFields.length, scheduleFields.length);

const writeLimits = recordWriter<QueueLimits>(limitFields);
const readLimits = recordReader<QueueLimits>(limitFields);
const writeSchedule = recordWriter<Schedule>(scheduleFields);
const readSchedule = recordReader<Omit<Schedule, "body">>(scheduleFields);

/** Packs changes. */
export function packBatch(changes: readonly Change[]): Batch {
  let size = 0;
  for (const change of changes) size += bytesOf(change)?.length ?? 0;
  const bytes = new Uint8Array(size);
  const writer = new ColumnWriter(changes.length * MOST);
  const jobs = new JobWriter(writer);
  let end = 0;
  for (const change of changes) {
    writer.number(numberOf[change.kind]);
    write(writer, jobs, change);
    const own = bytesOf(change);
    if (own === undefined) continue;
    bytes.set(own, end);
    end += own.length;
  }
  return { ...writer.columns, bytes };
}

function bytesOf(change: Change): Uint8Array | undefined {
  if (change.kind === "put") return change.body;
  if (change.kind === "finish") return change.result;
  if (change.kind === "schedule") return change.schedule.body;
}

function write(writer: ColumnWriter, jobs: JobWriter, change: Change): void {
  switch (change.kind) {
    case "put":
      return jobs.write(change.job);
    case "move":
      writer.number(change.id);
      return writeProgress(writer, change.progress);
    case "finish":
      writer.number(change.id);
      writeProgress(writer, change.progress);
      return writer.number(change.result.length);
    case "drop":
      return writer.number(change.id);
    case "limits":
      return writeLimits(writer, change.limits);
    case "schedule":
      writeSchedule(writer, change.schedule);
      return writer.number(change.schedule.body.length);
    case "reschedule":
      writer.text(change.name);
      writer.number(change.next);
      return writer.number(Number(change.paused));
    case "unschedule":
      return writer.text(change.name);
  }
}

/** The changes of a batch; their bytes are views of its bytes. */
export function* unpackBatch({ bytes, ...columns }: Batch): Generator<Change, void, void> {
  const reader = new ColumnReader(columns, false);
  const jobs = new JobReader(reader);
  let end = 0;
  const some = (length: number): Uint8Array => bytes.subarray(end, end += length);
  while (!reader.ended) yield read(reader, jobs, kinds[reader.number()], some);
}

function read(
  reader: ColumnReader,
  jobs: JobReader,
  kind: Change["kind"],
  bytes: (length: number) => Uint8Array,
): Change {
  switch (kind) {
    case "put": {
      const job = jobs.read();
      return { kind, job, body: bytes(job.size) };
    }
    case "move":
      return { kind, id: reader.number(), progress: readProgress(reader) };
    case "finish": {
      const [id, progress]: [number, JobProgress] = [reader.number(), readProgress(reader)];
      return { kind, id, progress, result: bytes(reader.number()) };
    }
    case "drop":
      return { kind, id: reader.number() };
    case "limits":
      return { kind, limits: readLimits(reader) };
    case "schedule":
      return { kind, schedule: { ...readSchedule(reader), body: bytes(reader.number()) } };
    case "reschedule":
      return {
        kind,
        name: reader.text(),
        next: reader.number(),
        paused: reader.number() === 1,
      };
    case "unschedule":
      return { kind, name: reader.text() };
  }
}

/** Packs jobs. */
export function packJobs(all: readonly StoredJob[]): Columns {
  const writer = new ColumnWriter(all.length * MOST);
  const jobs = new JobWriter(writer);
  for (const job of all) jobs.write(job);
  return writer.columns;
}

/** The jobs of columns. */
export function* unpackJobs(columns: Columns): Generator<StoredJob, void, void> {
  const reader = new ColumnReader(columns, true);
  const jobs = new JobReader(reader);
  while (!reader.ended) yield jobs.read();
}
