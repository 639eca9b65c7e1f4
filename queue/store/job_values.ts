// The values of a job, by its fields: those of a new one, and its options apart.

import { jobFields, type JobOptions, NO_RANK, optionFields, type StoredJob } from "./job_fields.ts";
import { compile } from "./straight_line.ts";

/** A new job. Durations are in ms. */
export interface NewJob extends Omit<JobOptions, "key"> {
  /** The body of the job. */
  readonly body: Uint8Array;
  /** The key: whose job it is. Default: none. */
  readonly key?: string;
  /** A name that no other job of the queue may have. Default: none. */
  readonly unique?: string;
  /** The W3C traceparent of its PUT. Default: none. */
  readonly trace?: string;
  /** How long before it is ready. */
  readonly delay: number;
  /** How long it is of use. Default: for ever. */
  readonly expires?: number;
  /** Its place among the jobs of its key, see `JobProgress`. Default: by when it becomes ready. */
  readonly rank?: number;
}

/** As code: the fields of a new job that are neither given with it nor have their default. */
const ofNew: Readonly<Record<string, string>> = {
  id: "id",
  enqueuedAt: "now",
  expiresAt: "job.expires === undefined ? 0 : now + job.expires",
  size: "job.body.length",
  state: 'job.delay > 0 ? "delayed" : "ready"',
  readyAt: "now + job.delay",
  rank: `job.rank ?? ${NO_RANK}`,
};

/** A new job as it is stored first. */
export const newStoredJob: (id: number, now: number, job: NewJob) => StoredJob = compile(
  "id, now, job",
  `return { ${
    jobFields.map(({ name, part, default: none }) => {
      const given = part === "progress" ? "" : `job.${name} ?? `;
      return `${name}: ${ofNew[name] ?? given + JSON.stringify(none)}`;
    }).join(", ")
  } };`,
);

/** The options of a job or schedule as an object of their own. */
export const optionsOf: (record: JobOptions) => JobOptions = compile(
  "record",
  `return { ${optionFields.map(({ name }) => `${name}: record.${name}`).join(", ")} };`,
);

/** Whether two jobs of one key have the same options. */
export const haveSameOptions: (a: JobOptions, b: JobOptions) => boolean = compile(
  "a, b",
  `return ${
    optionFields.filter(({ name }) => name !== "queue" && name !== "key")
      .map(({ name }) => `a.${name} === b.${name}`).join(" && ")
  };`,
);
