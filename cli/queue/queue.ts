import { openLoopYield } from "../../net/loop_yield.ts";
import {
  memoryStore,
  type OpenQueue,
  openQueue,
  queueProtocol,
  sqliteStore,
} from "../../queue/mod.ts";
import { serve } from "../../server/mod.ts";
import { type Subcommand, UsageError } from "../flags.ts";
import { check, exportTo, importFrom, tellingStore, warnOfReaders } from "./queue_file.ts";
import { complain } from "../output.ts";
import { needRead } from "../permissions.ts";
import { serveToEnd, servingFlags, servingOptions } from "../serving.ts";

/** The last changes could not be stored (EX_IOERR of sysexits.h). */
const LOST = 74;
const OK = 0;

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
    "max-size": {
      value: "SIZE",
      type: { type: "size", min: 1 << 20 },
      summary:
        "How large --data may become with its -wal, such as 500MiB; beyond it PUT answers busy.",
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
    again: { summary: "With --import: add lines that were imported before once more." },
  },
  more:
    "Exit code: 0 once Ctrl-C or SIGTERM has ended it; 74 where then a change is lost, because the disk\n" +
    "is full or broken or the file was removed; 1 where it cannot begin.\n\n" +
    "--import adds all lines or none. Jobs keep their numbers where --data is new, and get\n" +
    "others where it is not; a job whose id= name is there already is left out. Lines that were\n" +
    "imported before add nothing: an import that was interrupted is simply started again.",
  async run(_args, flags) {
    const { data } = flags;
    const inMemory = data === ":memory:";
    const chosen = ["check", "export", "import"].filter((name) => flags[name] !== undefined);
    if (chosen.length > 1) throw new UsageError(`--${chosen.join(" and --")} exclude each other.`);
    if (flags.again && flags.import === undefined) throw new UsageError("--again needs --import.");
    const maxSize: number | undefined = flags["max-size"];
    if (maxSize !== undefined && (inMemory || chosen.length > 0)) {
      throw new UsageError("--max-size is for serving --data FILE.");
    }
    // --drain has a default, which tells nothing of what was typed.
    const idle = Object.keys(servingFlags).find((name) =>
      name !== "drain" && ![undefined, false].includes(flags[name])
    );
    if (chosen.length > 0 && idle !== undefined) {
      throw new UsageError(`--${idle} is for serving, and has no effect beside --${chosen[0]}.`);
    }
    if (flags.check !== undefined) return check(flags.check);
    if (inMemory && chosen.length > 0) throw new UsageError(`--${chosen[0]} needs --data FILE.`);
    if (flags.export !== undefined) return exportTo(flags.export, data);
    if (flags.import !== undefined) return importFrom(flags.import, data, flags.again);
    // A wrong command line is refused before a file is made.
    const serving = servingOptions(flags);
    if (!inMemory) needRead(import.meta.url);
    using cleanup = new DisposableStack();
    const turns = await openLoopYield();
    cleanup.defer(() => turns.close());
    const work = await openQueue({
      store: inMemory ? memoryStore() : tellingStore(await sqliteStore(data, { maxSize })),
      maxMemory: flags["max-memory"],
      yield: (go) => turns.next(go),
    });
    if (!inMemory) warnOfReaders(data);
    let code = OK;
    try {
      const server = await serve(queueProtocol, work.handlers, {
        ...serving,
        stats: work.stats,
      });
      const where = inMemory ? "Jobs are kept in memory only." : `Jobs are kept in ${data}.`;
      code = await serveToEnd("lineup queue", server, where);
    } finally {
      if (!await closed(work)) code = LOST;
    }
    return code;
  },
};

/** Closes a queue. Says what is lost, and returns whether that is nothing. */
async function closed(work: OpenQueue): Promise<boolean> {
  try {
    const lost = await work.close();
    if (lost > 0) complain(`the store failed to the end: ${lost} changes are lost`);
    return lost === 0;
  } catch (error) {
    complain(error);
    return false;
  }
}
