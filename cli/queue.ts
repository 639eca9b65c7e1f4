import { memoryStore, openQueue, queueProtocol, sqliteStore } from "../queue/mod.ts";
import { serve } from "../server/mod.ts";
import { type Subcommand, UsageError } from "./flags.ts";
import { check, exportTo, importFrom, tellingStore } from "./queue_file.ts";
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
    "max-memory": {
      value: "SIZE",
      type: { type: "size", min: 1 << 20 },
      summary:
        "How much memory the queue may hold, with :memory: bodies too; PUT is refused beyond it.",
      default: "1GiB",
    },
    check: {
      value: "FILE",
      summary: "Look whether a file is sound, instead of serving; 1 if not.",
    },
    export: {
      value: "FILE",
      summary: "Write all of --data as lines of JSON to a new file or -, instead of serving.",
    },
    import: {
      value: "FILE",
      summary: "Add the lines of an export, or of -, to --data, instead of serving.",
    },
  },
  more: "--import adds all lines or none. Jobs keep their numbers where --data is new, and get\n" +
    "others where it is not; a job whose id= name is there already is left out.",
  async run(_args, flags) {
    const { data } = flags;
    const inMemory = data === ":memory:";
    const chosen = ["check", "export", "import"].filter((name) => flags[name] !== undefined);
    if (chosen.length > 1) throw new UsageError(`--${chosen.join(" and --")} exclude each other.`);
    if (flags.check !== undefined) return check(flags.check);
    if (inMemory && chosen.length > 0) throw new UsageError(`--${chosen[0]} needs --data FILE.`);
    if (flags.export !== undefined) return exportTo(flags.export, data);
    if (flags.import !== undefined) return importFrom(flags.import, data);
    const work = await openQueue({
      store: inMemory ? memoryStore() : tellingStore(await sqliteStore(data)),
      maxMemory: flags["max-memory"],
    });
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
