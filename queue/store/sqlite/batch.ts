// What travels between the SQLite worker and the server: a few flat columns each, because a structured clone of many
// small objects costs more than storing them.

import { RowReader, type Rows, RowWriter } from "./columns.ts";
import type { Change, StoredJob } from "../store.ts";

/** A batch of changes: for each its kind (the index in `kinds`), and what that kind has. */
export interface Batch extends Rows {
  /** The bodies of all changes, one behind the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const kinds: readonly Change["kind"][] = [
  "put",
  "move",
  "drop",
  "finish",
  "rules",
  "schedule",
  "reschedule",
  "unschedule",
];
const NUMBER_OF = Object.fromEntries(kinds.map((kind, at) => [kind, at])) as Record<
  Change["kind"],
  number
>;

/** Packs changes. */
export function packBatch(changes: readonly Change[]): Batch {
  let size = 0;
  for (const change of changes) size += bytesOf(change)?.length ?? 0;
  const bytes = new Uint8Array(size);
  const rows = new RowWriter(changes.length);
  let end = 0;
  for (const change of changes) {
    rows.number(NUMBER_OF[change.kind]);
    rows.change(change);
    const own = bytesOf(change);
    if (own === undefined) continue;
    bytes.set(own, end);
    end += own.length;
  }
  return { ...rows.rows, bytes };
}

function bytesOf(change: Change): Uint8Array | undefined {
  if (change.kind === "put") return change.body;
  if (change.kind === "finish") return change.result;
  if (change.kind === "schedule") return change.schedule.body;
}

/** The changes of a batch; their bytes are views of its bytes. */
export function* unpackBatch({ bytes, ...packed }: Batch): Generator<Change, void, void> {
  const rows = new RowReader(packed, false);
  let end = 0;
  const some = (length: number): Uint8Array => bytes.subarray(end, end += length);
  while (!rows.ended) yield rows.change(kinds[rows.number()], some);
}

/** Packs jobs. */
export function packRows(jobs: readonly StoredJob[]): Rows {
  const rows = new RowWriter(jobs.length);
  for (const job of jobs) rows.job(job);
  return rows.rows;
}

/** The jobs of rows. */
export function* unpackRows(packed: Rows): Generator<StoredJob, void, void> {
  const rows = new RowReader(packed, true);
  while (!rows.ended) yield rows.job();
}

/** Bodies, one behind the other. */
export interface Bodies {
  /** How long each is; `NONE` for one that is not there. */
  readonly lengths: Float64Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const NONE = -1;
/** How many bytes bodies may share. */
const SHARED = 16_384;

/** Packs bodies. */
export function packBodies(bodies: readonly (Uint8Array | undefined)[]): Bodies {
  const lengths = Float64Array.from(bodies, (body) => body?.length ?? NONE);
  const bytes = new Uint8Array(bodies.reduce((sum, body) => sum + (body?.length ?? 0), 0));
  let end = 0;
  for (const body of bodies) {
    if (body === undefined) continue;
    bytes.set(body, end);
    end += body.length;
  }
  return { lengths, bytes };
}

/** The bodies: views of the bytes of all where these are few, as each of them keeps all in memory. */
export function unpackBodies({ lengths, bytes }: Bodies): (Uint8Array | undefined)[] {
  let end = 0;
  const isShared = bytes.length <= SHARED || lengths.length === 1;
  return Array.from(lengths, (length) => {
    if (length === NONE) return undefined;
    const from = end;
    end += length;
    return isShared ? bytes.subarray(from, end) : bytes.slice(from, end);
  });
}
