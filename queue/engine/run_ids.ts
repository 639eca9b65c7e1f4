// The ids of the jobs that schedules put. No client may give such an id: the run would be a duplicate of its job.

import { badArguments } from "../refusals.ts";

const RUN_ID = /@[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The id of the job that a schedule puts at a time, in ms since the Unix epoch. */
export function runId(schedule: string, time: number): string {
  return `${schedule}@${new Date(time).toISOString()}`;
}

/** Throws `bad-arguments` for an id that a schedule's job could have. */
export function needNoRunId(id: string | undefined): void {
  if (id === undefined || !RUN_ID.test(id)) return;
  const end = id.slice(id.lastIndexOf("@"));
  throw badArguments(`id must not end with a time such as ${end}: only jobs of EVERY have that.`);
}
