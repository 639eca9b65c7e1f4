// Jobs and their progress as columns. Most jobs have the options of the job before, and new jobs the progress of all new
// jobs: neither is written again.

import type { StoredField } from "../field.ts";
import {
  jobFields,
  type JobOptions,
  type JobProgress,
  optionFields,
  progressFields,
  states,
  type StoredJob,
} from "../job_fields.ts";
import {
  type ColumnReader,
  type ColumnWriter,
  reading,
  recordReader,
  recordWriter,
} from "./columns.ts";
import { compile, unpacked } from "../straight_line.ts";

/** In the place of options: they are those of the job before. */
const SAME = -1;
/** Added to the number of the state if the rest of the progress is that of a new job. */
const NEW = 8;

const own = jobFields.filter(({ part }) => part === "job" || part === "body");
/** The progress that a new job has too, behind its state. */
const initial = progressFields.filter(({ initial, type }) => initial && type !== "state");
const later = progressFields.filter(({ initial }) => !initial);

/** Whether progress is that of a new job. */
export const isNew: (progress: JobProgress) => boolean = compile(
  "progress",
  `return ${
    later.map((field) => `progress.${field.name} === ${JSON.stringify(field.default)}`).join(" && ")
  };`,
);

const areSame: (a: JobOptions, b: JobOptions) => boolean = compile(
  "a, b",
  `return ${optionFields.map(({ name }) => `a.${name} === b.${name}`).join(" && ")};`,
);

const writeOptions = recordWriter<JobOptions>(optionFields);
const readOptions = recordReader<JobOptions>(optionFields);
const writeOwn = recordWriter<StoredJob>(own);
const writeInitial = recordWriter<JobProgress>(initial);
const writeLater = recordWriter<JobProgress>(later);

/** Writes progress. */
export function writeProgress(writer: ColumnWriter, progress: JobProgress): void {
  const isAsNew = isNew(progress);
  const at = states.indexOf(progress.state);
  writer.number(isAsNew ? NEW + at : at);
  writeInitial(writer, progress);
  if (!isAsNew) writeLater(writer, progress);
}

/** As code: declares each of these fields, read from columns. */
function declare(fields: readonly StoredField[], value: (field: StoredField) => string): string {
  return fields.map((field) => `const ${field.name} = ${value(field)};`).join("\n");
}

const read = (field: StoredField): string => unpacked(field, reading(field));
const declareProgress = [
  `const at = reader.number(), isNew = at >= ${NEW}, state = states[isNew ? at - ${NEW} : at];`,
  declare(initial, read),
  declare(later, (field) => `isNew ? ${JSON.stringify(field.default)} : ${read(field)}`),
].join("\n");

/** Reads progress. */
export const readProgress: (reader: ColumnReader) => JobProgress = compile(
  "reader",
  `${declareProgress}\nreturn { ${progressFields.map(({ name }) => name).join(", ")} };`,
);

// In one object, not from parts: a start reads millions.
const readJob: (reader: ColumnReader, options: JobOptions) => StoredJob = compile(
  "reader, options",
  [
    declare(own, read),
    declareProgress,
    `return { ${
      jobFields.map(({ name, part }) => part === "options" ? `${name}: options.${name}` : name)
        .join(", ")
    } };`,
  ].join("\n"),
);

/** Writes jobs one behind the other. */
export class JobWriter {
  readonly #writer: ColumnWriter;
  #before: JobOptions | undefined = undefined;

  constructor(writer: ColumnWriter) {
    this.#writer = writer;
  }

  write(job: StoredJob): void {
    if (this.#before !== undefined && areSame(this.#before, job)) this.#writer.number(SAME);
    else writeOptions(this.#writer, job);
    this.#before = job;
    writeOwn(this.#writer, job);
    writeProgress(this.#writer, job);
  }
}

/** Reads jobs one behind the other. */
export class JobReader {
  readonly #reader: ColumnReader;
  #before: JobOptions | undefined = undefined;

  constructor(reader: ColumnReader) {
    this.#reader = reader;
  }

  read(): StoredJob {
    if (!this.#reader.skip(SAME)) this.#before = readOptions(this.#reader);
    return readJob(this.#reader, this.#before!);
  }
}
