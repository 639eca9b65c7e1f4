import { type JobProgress, NO_RANK, states, type StoredJob } from "../store/job_fields.ts";
import type { Due } from "./deadlines.ts";
import type { SharedOptions } from "./queue.ts";
import type { SharedOptionsTable } from "./shared_options.ts";
import { NONE } from "./slots.ts";

/** The low bits of a slot are the index in its page, the others are the number of the page. */
export const INDEX_BITS = 12;
/** How many jobs a page has room for. */
export const ROOM = 1 << INDEX_BITS;

/** The connection that took a job. */
export interface JobHolder {
  /** Its address, if anybody knows it. */
  readonly peer?: string;
  /** The identity that it has proved, if any. */
  readonly identity?: string | undefined;
  /** Whether the connection has ended. */
  readonly closed: boolean;
  /** Calls `action` once when the connection has ended; soon if it has already. */
  whenClosed(action: () => void): void;
}

/** Who has taken a job: an identity, or the address of a connection; `undefined` where nobody knows. */
export function holderName(holder: JobHolder | undefined): string | undefined {
  return holder?.identity ?? holder?.peer;
}

/** What has happened to a job with a rank since the start of this process. It is not stored. */
export interface JobHistory {
  /** The delay that it was given last, in ms. */
  delay: number;
  /** How often its lease ran out. */
  timeouts: number;
  /** How often its consumer released it. */
  releases: number;
  /** How often its consumer made it dead. */
  buries: number;
  /** How often it was revived. */
  kicks: number;
}

/** The place of jobs without a rank among those that have one: behind the urgent ones, as beanstalkd calls ranks below 1024. */
const PLACE_WITHOUT_RANK = 1023.5;

/** The place of a rank among all ranks. */
export function placeOf(rank: number): number {
  return rank === NO_RANK ? PLACE_WITHOUT_RANK : rank;
}

/** The fields that few jobs have. */
export class JobExtras implements Due {
  /** The id of the job. */
  readonly id: number;
  place = -1;
  unique = "";
  trace = "";
  expiresAt = 0;
  uncountedAttempts = 0;
  reason = "";
  past = "";
  history: JobHistory | undefined = undefined;

  constructor(id: number) {
    this.id = id;
  }

  /** When the job expires. */
  get due(): number {
    return this.expiresAt;
  }
}

/**
 * Room for jobs, with a column for each field. So a job needs no object, and the garbage collector looks at no job of a
 * million. Fields that few jobs have are in maps. The index is that of the job in the page.
 */
export class JobPage {
  /** The slot of its first job; those of the others follow. */
  readonly first: number;
  /** How many jobs there are. */
  size = 0;
  readonly id = new Float64Array(ROOM);
  /** The number of its options. */
  readonly options = new Uint32Array(ROOM);
  readonly enqueuedAt = new Float64Array(ROOM);
  /** The length of its body or result in bytes. */
  readonly bytes = new Uint32Array(ROOM);
  /** Its index in `states`. */
  readonly state = new Uint8Array(ROOM);
  readonly attempt = new Float64Array(ROOM);
  readonly readyAt = new Float64Array(ROOM);
  /** The rank, or `PLACE_WITHOUT_RANK`. */
  readonly rank = new Float64Array(ROOM);
  /** When the lease or the time of the result ends; 0 if it is neither taken nor done. */
  readonly endsAt = new Float64Array(ROOM);
  /** When it was taken; 0 if it is not, or if nobody knows. */
  readonly takenAt = new Float64Array(ROOM);
  /** 1 if the lease ends with the connection. */
  readonly releaseOnDisconnect = new Uint8Array(ROOM);
  readonly holders = new Map<number, JobHolder>();
  readonly extras = new Map<number, JobExtras>();
  /** The place in the heap or run that has the job; `NONE` if nothing has it. */
  readonly place = new Int32Array(ROOM).fill(NONE);
  /** The slots of its neighbours in a list. */
  readonly previous = new Int32Array(ROOM);
  readonly next = new Int32Array(ROOM);
  /** The first free index, a list by `next`; `NONE` if the page is full. */
  #free = NONE;
  readonly #shared: SharedOptionsTable;

  constructor(first: number, shared: SharedOptionsTable) {
    this.first = first;
    this.#shared = shared;
    for (let at = ROOM - 1; at >= 0; at--) this.#release(at);
  }

  /** Whether there is room for another job. */
  get hasRoom(): boolean {
    return this.#free !== NONE;
  }

  optionsOf(at: number): SharedOptions {
    return this.#shared.at(this.options[at]);
  }

  /** Adds a job. Returns its index. */
  add(stored: StoredJob, options: SharedOptions): number {
    const at = this.#free;
    this.#free = this.next[at];
    this.id[at] = stored.id;
    this.options[at] = this.#shared.use(options);
    this.enqueuedAt[at] = stored.enqueuedAt;
    this.bytes[at] = stored.size;
    this.#write(at, stored);
    const { unique, trace, expiresAt, uncountedAttempts, reason, past } = stored;
    if (
      unique !== "" || trace !== "" || expiresAt > 0 || uncountedAttempts > 0 || reason !== "" ||
      past !== ""
    ) {
      const extras = new JobExtras(stored.id);
      this.extras.set(
        at,
        Object.assign(extras, { unique, trace, expiresAt, uncountedAttempts, reason, past }),
      );
    }
    this.size++;
    return at;
  }

  /** A job has come further; `holder` is the connection that has taken it. */
  update(at: number, progress: JobProgress, holder: JobHolder | undefined): void {
    this.#write(at, progress);
    if (holder === undefined) this.holders.delete(at);
    else this.holders.set(at, holder);
    const { uncountedAttempts, reason, past } = progress;
    let extras = this.extras.get(at);
    if (extras === undefined) {
      if (uncountedAttempts === 0 && reason === "" && past === "") return;
      this.extras.set(at, extras = new JobExtras(this.id[at]));
    }
    extras.uncountedAttempts = uncountedAttempts;
    extras.reason = reason;
    extras.past = past;
  }

  /** Removes a job. */
  delete(at: number): void {
    this.#shared.release(this.options[at]);
    this.holders.delete(at);
    this.extras.delete(at);
    this.#release(at);
    this.size--;
  }

  /** The rank of a job. */
  rankOf(at: number): number {
    const rank = this.rank[at];
    return rank === PLACE_WITHOUT_RANK ? NO_RANK : rank;
  }

  /** Whether a job is urgent: its rank is below those of all jobs without a rank. */
  isUrgent(at: number): boolean {
    return this.rank[at] < PLACE_WITHOUT_RANK;
  }

  #write(at: number, progress: JobProgress): void {
    const { state, attempt, readyAt, endsAt, releaseOnDisconnect, rank, takenAt } = progress;
    this.state[at] = states.indexOf(state);
    this.attempt[at] = attempt;
    this.readyAt[at] = readyAt;
    this.endsAt[at] = endsAt;
    this.releaseOnDisconnect[at] = Number(releaseOnDisconnect);
    this.rank[at] = placeOf(rank);
    this.takenAt[at] = takenAt;
  }

  #release(at: number): void {
    this.next[at] = this.#free;
    this.#free = at;
  }
}
