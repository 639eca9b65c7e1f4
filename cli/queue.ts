import { memoryStore, openQueue, queueProtocol, sqliteStore } from "../queue/mod.ts";
import { serve } from "../server/mod.ts";
import type { Subcommand } from "./flags.ts";
import { serveToEnd, servingFlags, servingOptions } from "./serving.ts";

/** `lineup queue`. */
export const queue: Subcommand = {
  summary: "Run a durable, fair work queue that telnet can drive.",
  args: "",
  count: [0, 0],
  examples: ["queue --data jobs.db", "queue --port 0 --data :memory:"],
  flags: {
    ...servingFlags,
    data: {
      value: "FILE",
      summary: "Where the jobs are kept; :memory: keeps them in memory only.",
      default: "lineup-queue.db",
    },
  },
  async run(_args, flags) {
    const { data } = flags;
    const inMemory = data === ":memory:";
    const work = await openQueue({ store: inMemory ? memoryStore() : await sqliteStore(data) });
    try {
      const server = await serve(queueProtocol, work.handlers, {
        ...servingOptions(flags),
        stats: work.stats,
      });
      const where = inMemory ? "Jobs are kept in memory only." : `Jobs are kept in ${data}.`;
      return await serveToEnd("lineup queue", server, where);
    } finally {
      await work.close();
    }
  },
};
