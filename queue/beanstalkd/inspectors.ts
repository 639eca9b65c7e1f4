// The commands that look at jobs and tubes.

import type { Context } from "../../server/request/handlers.ts";
import { notFound, noTube } from "../refusals.ts";
import { placeOf } from "../index/job_page.ts";
import type { StoredJob } from "../store/job_fields.ts";
import type { JobWithBody } from "../engine/ranked_engine.ts";
import type { ClientHandlers, HandlerParts, JobReply } from "./parts.ts";
import { serverStats } from "./server_stats.ts";
import { jobStats, tubeStats } from "./stats.ts";
import { yamlList, yamlMap } from "./yaml.ts";
import { scopesFor } from "./tubes.ts";
import type { BeanstalkdClient } from "./client.ts";

/** The handlers. */
export function inspectors(parts: HandlerParts): Pick<
  ClientHandlers,
  | "PEEK"
  | "PEEK-READY"
  | "PEEK-DELAYED"
  | "PEEK-BURIED"
  | "STATS"
  | "STATS-JOB"
  | "STATS-TUBE"
  | "LIST-TUBES"
  | "LIST-TUBE-USED"
  | "LIST-TUBES-WATCHED"
  | "PAUSE-TUBE"
> {
  const { engine, engineOf, tubes } = parts;
  const peek = async (
    state: "ready" | "delayed" | "dead",
    context: Context,
    { used }: BeanstalkdClient,
  ): Promise<JobReply> => {
    const engine = engineOf(context);
    const jobs = await Promise.all(
      scopesFor(used, "see", engine).map((scope) => engine.first(scope, state)),
    );
    const first = jobs.reduce((a, b) => a && b ? isBefore(b.job, a.job) ? b : a : a ?? b);
    return found(first, 0);
  };

  return {
    PEEK: async ({ id }, context) => found(await engineOf(context).job(id), id),
    "PEEK-READY": (_args, context, client) => peek("ready", context, client),
    "PEEK-DELAYED": (_args, context, client) => peek("delayed", context, client),
    "PEEK-BURIED": (_args, context, client) => peek("dead", context, client),

    STATS: async (_args, context) => ({
      body: yamlMap(await serverStats({ ...parts, engine: engineOf(context) })),
    }),

    "STATS-JOB": ({ id }, context) => {
      const described = engineOf(context).describe(id);
      if (described.job.state === "done") throw notFound(id);
      return { body: yamlMap(jobStats(described, engine.now(), tubes.names)) };
    },

    "STATS-TUBE": ({ tube: name }, context) => {
      const tube = tubes.find(name, engineOf(context));
      if (tube === undefined) throw noTube(name);
      return {
        body: yamlMap(tubeStats(tube, tubes.counts(tube, engineOf(context)), engine.now())),
      };
    },

    "LIST-TUBES": async (_args, context) => ({
      body: yamlList(await tubes.list(engineOf(context))),
    }),
    "LIST-TUBE-USED": (_args, _context, { used }) => ({ tube: used.name }),
    "LIST-TUBES-WATCHED": (_args, _context, { watched }) => ({ body: yamlList(watched.keys()) }),

    "PAUSE-TUBE": ({ tube: name, delay }, context) => {
      const engine = engineOf(context);
      const tube = tubes.find(name, engine);
      if (tube === undefined) throw noTube(name);
      tubes.pause(tube, 1000 * delay, engine);
    },
  };
}

/** Whether a job is before another one of the same state. */
function isBefore(a: StoredJob, b: StoredJob): boolean {
  if (a.state === "delayed" && b.state === "delayed") return a.readyAt < b.readyAt;
  const difference = placeOf(a.rank) - placeOf(b.rank);
  return difference < 0 || difference === 0 && a.id < b.id;
}

function found(job: JobWithBody | undefined, id: number): JobReply {
  if (job === undefined || job.job.state === "done") throw notFound(id);
  return { id: job.job.id, body: job.body };
}
