// `lineup queue`: runs the queue server, or checks, exports or imports its file.

import { openLoopYield } from "../../net/loop_yield.ts";
import {
  memoryStore,
  type OpenQueue,
  openQueue,
  queueProtocol,
  sqliteStore,
} from "../../queue/mod.ts";
import { serve, type Server } from "../../server/mod.ts";
import { type Flags, type Subcommand, UsageError } from "../flags.ts";
import { beanstalkdFlags, beanstalkdHandlers, serveBeanstalkd } from "./beanstalkd.ts";
import { check, exportTo, importFrom, reportingStore, warnOfReaders } from "./queue_file.ts";
import { counted } from "../figures.ts";
import { complain } from "../output.ts";
import { needRead } from "../permissions.ts";
import { openAdmin, serveToEnd, servingFlags, servingOptions } from "../serving.ts";

/** The exit code if the last changes could not be stored (EX_IOERR of sysexits.h). */
const LOST = 74;
const OK = 0;

/** `lineup queue`. */
export const queue: Subcommand = {
  summary: "Run a durable, fair work queue that telnet can drive.",
  args: "",
  count: [0, 0],
  examples: [
    "queue --data jobs.db",
    "queue --port 0 --data :memory:",
    "queue --beanstalkd 11300 --beanstalkd-key 'mail.*'",
  ],
  flags: {
    ...servingFlags,
    data: {
      value: "FILE",
      summary: "The file of the jobs; :memory: keeps them in memory only.",
      default: "lineup-queue.db",
    },
    "max-memory": {
      value: "SIZE",
      type: { type: "size", min: 1 << 20 },
      summary:
        "The memory that the queue may use, with :memory: bodies too. Beyond it PUT is refused.",
      default: "1GiB",
    },
    "max-size": {
      value: "SIZE",
      type: { type: "size", min: 1 << 20 },
      summary:
        "The largest size of --data with its -wal, such as 500MiB. Beyond it PUT answers busy.",
    },
    check: {
      value: "FILE",
      summary: "Check that a file is sound, instead of serving. The exit code is 1 if it is not.",
    },
    export: {
      value: "FILE",
      summary: "Write all of --data as lines of JSON to a new file, or to -, instead of serving.",
    },
    import: {
      value: "FILE",
      summary: "Add the lines of an export, or of -, to --data, instead of serving.",
    },
    ...beanstalkdFlags,
    "metrics-keys": {
      value: "QUEUES",
      summary:
        "The queues whose keys have labels in /metrics of --admin, separated by commas; of each the 100 keys with most ready jobs.",
    },
    again: { summary: "With --import: add lines again that were imported before." },
  },
  more:
    `--import adds all lines or none. Jobs keep their numbers if --data is new, and get new numbers if it is
not. A job is left out if --data has a job with its id= name. Lines that were imported before add nothing:
run an interrupted import again.`,
  exits: [
    [0, "Ctrl-C or SIGTERM; or a file is checked, exported or imported."],
    [1, "It cannot begin, or a file is not sound."],
    [74, "Changes are lost at the end: the disk is full or broken, or the file was removed."],
  ],
  async run(_args, flags) {
    const { data } = flags;
    const inMemory = data === ":memory:";
    const chosen = ["check", "export", "import"].filter((name) => flags[name] !== undefined);
    if (chosen.length > 1) throw new UsageError(`--${chosen.join(" and --")} exclude each other.`);
    if (flags.again && flags.import === undefined) throw new UsageError("--again needs --import.");
    const maxSize: number | undefined = flags["max-size"];
    if (maxSize !== undefined && (inMemory || chosen.length > 0)) {
      throw new UsageError("--max-size has an effect only when serving --data FILE.");
    }
    // A flag with a default is never undefined.
    const ofServing = Object.entries({ ...servingFlags, ...beanstalkdFlags });
    const useless = ofServing.find(([name, { default: usual }]) =>
      usual === undefined && ![undefined, false].includes(flags[name])
    )?.[0];
    if (chosen.length > 0 && useless !== undefined) {
      throw new UsageError(`--${useless} has no effect with --${chosen[0]}.`);
    }
    if (flags.check !== undefined) return check(flags.check);
    if (inMemory && chosen.length > 0) throw new UsageError(`--${chosen[0]} needs --data FILE.`);
    if (flags.export !== undefined) return exportTo(flags.export, data);
    if (flags.import !== undefined) return importFrom(flags.import, data, flags.again);
    // Refuse a wrong command line before a file is made.
    const serving = servingOptions(flags);
    const handlersOf = beanstalkdHandlers(flags);
    const keysOf = readMetricsKeys(flags);
    if (!inMemory) needRead(import.meta.url);
    using cleanup = new DisposableStack();
    const turns = await openLoopYield();
    cleanup.defer(() => turns.close());
    const starting = Promise.withResolvers<Server>();
    // Open before the jobs are loaded, and until all is stored.
    await using admin = await openAdmin(flags, starting.promise, {
      unready: () => work.unready(),
      metrics: () => work.metrics({ keysOf }),
    });
    const work = await openQueue({
      store: inMemory ? memoryStore() : reportingStore(await sqliteStore(data, { maxSize })),
      maxMemory: flags["max-memory"],
      yield: (go) => turns.next(go),
      logLevel: flags["log-level"],
    });
    if (!inMemory) warnOfReaders(data);
    let code = OK;
    try {
      const beanstalkd = handlersOf?.(work);
      await using server = await serve(queueProtocol, work.handlers, {
        ...serving,
        stats: work.stats,
      });
      starting.resolve(server);
      await using other = beanstalkd &&
        await serveBeanstalkd(flags.beanstalkd, beanstalkd, work.heldWork, serving);
      if (other !== undefined) admin?.observe(other);
      const where = inMemory ? "Jobs are kept in memory only." : `Jobs are kept in ${data}.`;
      const also = other === undefined
        ? []
        : [`Clients of beanstalkd connect to ${other.address}.`];
      code = await serveToEnd("lineup queue", server, admin, where, ...also);
      await other?.finished;
    } finally {
      if (!await closed(work)) code = LOST;
    }
    return code;
  },
};

/** The queues of --metrics-keys. Throws `UsageError`. */
function readMetricsKeys({ "metrics-keys": keys, admin }: Flags): string[] {
  if (keys === undefined) return [];
  if (admin === undefined) {
    throw new UsageError("--metrics-keys needs --admin [HOST:]PORT as well.");
  }
  return [...new Set<string>(keys.split(","))];
}

/** Closes a queue and reports lost changes. Resolves with whether nothing is lost. */
async function closed(work: OpenQueue): Promise<boolean> {
  try {
    const lost = await work.close();
    if (lost > 0) {
      complain(`the store failed: ${counted(lost, "change")} ${lost === 1 ? "is" : "are"} lost`);
    }
    return lost === 0;
  } catch (error) {
    complain(error);
    return false;
  }
}
