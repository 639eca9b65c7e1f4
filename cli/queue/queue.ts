// `lineup queue`: runs the queue server, or checks, exports or imports its file or database.

import { openLoopYield } from "../../net/loop_yield.ts";
import {
  memoryStore,
  openCluster,
  type OpenQueue,
  openQueue,
  type QueueOptions,
  queueProtocol,
  type QueueReconfiguration,
  sqliteStore,
  type Store,
} from "../../queue/mod.ts";
import { serve, type Server, service } from "../../server/mod.ts";
import { DEFAULT_CAPACITY } from "../../queue/queue_options.ts";
import { reloadable } from "../configuration/reload.ts";
import { type Flag, type Flags, type Subcommand, UsageError } from "../flags.ts";
import { tuningGroups } from "../tuning.ts";
import { writtenDuration } from "../written.ts";
import {
  beanstalkdFlags,
  beanstalkdHandlers,
  ofBeanstalkd,
  serveBeanstalkd,
} from "./beanstalkd.ts";
import {
  databaseOptions,
  dataOf,
  DEFAULT_FILE,
  isDatabase,
  isFile,
  placeName,
  whereJobsAre,
} from "./queue_data.ts";
import { check, exportTo, importFrom, reportingStore, warnOfReaders } from "./queue_file.ts";
import { counted } from "../figures.ts";
import { traceServer } from "../open_telemetry.ts";
import { admitNodes, clusterOptions, nodeFlags, nodePlanOf } from "./nodes.ts";
import { takeOver } from "./takeover.ts";
import { needRead } from "../permissions.ts";
import { ServerLog } from "../server_log.ts";
import {
  liveOptions,
  openAdmin,
  openIdentities,
  serveToEnd,
  servingFlags,
  servingOptions,
} from "../serving.ts";

/** Bounds on the number of things in a queue. */
const CAPACITY = {
  "max-jobs": { member: "maxJobs", what: "jobs in all states; beyond it PUT answers busy" },
  "max-queues": {
    member: "maxQueues",
    what: "queues; beyond it PUT and TAKE of others answer busy",
  },
  "max-takers": {
    member: "maxTakers",
    what: "requests that wait for a job or a result; beyond it TAKE and WAIT answer busy",
  },
  "max-rules": {
    member: "maxRules",
    what: "queues and keys with limits; beyond it LIMIT and PAUSE answer busy",
  },
  "max-schedules": { member: "maxSchedules", what: "schedules; beyond it EVERY answers busy" },
  "max-results": { member: "maxResults", what: "results; beyond it the oldest is forgotten" },
} as const;

const capacityFlags: Readonly<Record<string, Flag>> = {
  ...Object.fromEntries(
    Object.entries(CAPACITY).map(([flag, { member, what }]): [string, Flag] => [flag, {
      value: "N",
      type: { type: "integer", min: 0, max: 1_000_000_000 },
      summary: `The most ${what}.`,
      default: String(DEFAULT_CAPACITY[member]),
      live: true,
    }]),
  ),
  "result-time": {
    value: "DURATION",
    type: { type: "duration", min: 1000, max: 366 * 86_400_000 },
    summary: "How long results are kept.",
    default: writtenDuration(DEFAULT_CAPACITY.resultTime),
    live: true,
  },
};

/** The exit code if the last changes could not be stored (EX_IOERR of sysexits.h). */
const LOST = 74;
/** The exit code if another server has taken over (EX_TEMPFAIL of sysexits.h). */
const TAKEN_OVER = 75;
const OK = 0;
/** The flags that do something instead of serving. */
const PER_RUN = ["check", "export", "import"];

/** `lineup queue`. */
export const queue: Subcommand = {
  summary: "Run a durable, fair work queue that telnet can drive.",
  isConfigured: true,
  groups: tuningGroups,
  args: "",
  count: [0, 0],
  examples: [
    "queue --data jobs.db",
    "queue --port 0 --data :memory:",
    "queue --data postgres://app@db.example/app",
    "queue --beanstalkd 11300 --beanstalkd-key 'mail.*'",
  ],
  flags: {
    ...servingFlags,
    data: {
      value: "FILE",
      summary:
        "The file of the jobs; :memory: keeps them in memory only; postgres://USER@HOST/DATABASE keeps them in PostgreSQL.",
      default: DEFAULT_FILE,
    },
    "data-schema": {
      value: "NAME",
      summary: "The schema of the queue's tables in PostgreSQL. Default lineup.",
    },
    "max-memory": {
      value: "SIZE",
      type: { type: "size", min: 1 << 20 },
      summary:
        "The memory that the queue may use, with :memory: bodies too. Beyond it PUT is refused.",
      default: "1GiB",
      live: true,
    },
    "max-size": {
      value: "SIZE",
      type: { type: "size", min: 1 << 20 },
      summary:
        "The largest size of --data with its -wal, such as 500MiB. Beyond it PUT answers busy.",
    },
    ...capacityFlags,
    ...nodeFlags,
    check: {
      value: "DATA",
      perRun: true,
      summary:
        "Check that a file or database is sound, instead of serving. The exit code is 1 if it is not.",
    },
    export: {
      value: "FILE",
      perRun: true,
      summary: "Write all of --data as lines of JSON to a new file, or to -, instead of serving.",
    },
    import: {
      value: "FILE",
      perRun: true,
      summary: "Add the lines of an export, or of -, to --data, instead of serving.",
    },
    ...beanstalkdFlags,
    "metrics-keys": {
      value: "QUEUES",
      list: true,
      summary:
        "The queues whose keys have labels in /metrics of --admin, separated by commas; of each the 100 keys with most ready jobs.",
    },
    wait: {
      value: "DURATION",
      type: { type: "duration", min: 0, max: 3_600_000 },
      summary:
        "Wait so long for the file of --data if another server uses it. With --share-port, clients connect meanwhile and wait too.",
    },
    again: {
      perRun: true,
      summary: "With --import: add lines again that were imported before.",
    },
  },
  more:
    `--import adds all lines or none. Jobs keep their numbers if --data is new, and get new numbers if it is
not. A job is left out if --data has a job with its id= name. Lines that were imported before add nothing:
run an interrupted import again.`,
  check(flags) {
    if (PER_RUN.every((name) => flags[name] === undefined)) planOf(flags);
  },
  exits: [
    [0, "Ctrl-C or SIGTERM; or a file is checked, exported or imported."],
    [1, "It cannot begin, or a file is not sound."],
    [74, "Changes are lost at the end: the disk is full or broken, or the file was removed."],
    [75, "Another server has taken over the queue in PostgreSQL."],
  ],
  async run(_args, flags, { configuration }) {
    // What a file or the environment says of serving is no mistake here.
    const isTyped = (name: string): boolean => configuration?.origins.get(name)?.from === "flag";
    const place = dataOf(flags, isTyped);
    const { name: data, database } = place;
    const inMemory = data === ":memory:";
    const chosen = PER_RUN.filter((name) => flags[name] !== undefined);
    if (chosen.length > 1) throw new UsageError(`--${chosen.join(" and --")} exclude each other.`);
    if (flags.again && flags.import === undefined) throw new UsageError("--again needs --import.");
    const maxSize: number | undefined = flags["max-size"];
    if (isTyped("max-size") && chosen.length > 0) throw new UsageError(NO_SIZE);
    const useless = Object.keys({ ...servingFlags, ...beanstalkdFlags, ...nodeFlags })
      .filter((name) => name !== "config").find(isTyped);
    if (chosen.length > 0 && useless !== undefined) {
      throw new UsageError(`--${useless} has no effect with --${chosen[0]}.`);
    }
    if (flags.check !== undefined) return check(place);
    if (inMemory && chosen.length > 0) throw new UsageError(`--${chosen[0]} needs --data FILE.`);
    if (flags.export !== undefined) return exportTo(flags.export, place);
    if (flags.import !== undefined) return importFrom(flags.import, place, flags.again);
    // Refuse a wrong command line before a file is made.
    const { serving, handlersOf, keysOf, node } = planOf(flags);
    using _identities = openIdentities(flags, serving);
    if (node !== undefined) admitNodes(serving, node);
    const inFile = !inMemory && !database;
    if (inFile) needRead(import.meta.url);
    using cleanup = new DisposableStack();
    const turns = await openLoopYield();
    cleanup.defer(() => turns.close());
    const starting = Promise.withResolvers<Server>();
    // Open before the jobs are loaded, and until all is stored.
    await using admin = await openAdmin(flags, starting.promise, {
      unready: () => work.unready(),
      metrics: () => work.metrics({ keysOf }),
      page: { stats: () => work.stats(), queues: (after) => work.queues(after) },
    });
    const log = new ServerLog(flags);
    await using held = flags.wait === undefined || !inFile
      ? undefined
      : await takeOver(data, flags.wait, serving, log.note);
    const options: QueueOptions = {
      log: log.repeating,
      ...queueOptions(flags),
      yield: (go) => turns.next(go),
    };
    // A node loads shards whenever they move.
    const isTold = !log.isJson && node === undefined;
    const around = isTold ? reportingStore() : (store: Store): Store => store;
    const cluster = database
      ? await openCluster(data, {
        ...options,
        ...databaseOptions(place),
        ...node && clusterOptions(node),
        around,
      })
      : undefined;
    const work: OpenQueue = cluster ?? await openQueue({
      ...options,
      store: inMemory ? memoryStore() : around(await sqliteStore(data, { maxSize })),
    });
    const nodes = cluster?.nodes;
    if (inFile) warnOfReaders(data, log.note);
    let code = OK;
    let isTakenOver = false;
    try {
      const beanstalkd = handlersOf?.(work);
      const options = {
        ...serving,
        heldWork: work.heldWork,
        stats: work.stats,
        beforeEnd: () => nodes?.leave(),
      };
      await using server = nodes === undefined
        ? await serve(queueProtocol, work.handlers, options)
        : await serve(
          [service(queueProtocol)({ handlers: work.handlers }), nodes.service],
          options,
        );
      nodes?.begin();
      await traceServer(server, queueProtocol.name);
      await held?.release(server);
      starting.resolve(server);
      await using other = beanstalkd &&
        await serveBeanstalkd(flags, beanstalkd, work.heldWork, serving);
      if (other !== undefined) admin?.observe(other);
      serving.reloads.unshift(reloadable(queue, configuration!, (next) => {
        server.reconfigure(liveOptions(next));
        other?.reconfigure(ofBeanstalkd(liveOptions(next)));
        work.reconfigure(queueOptions(next));
      }));
      work.lost?.then((error) => {
        isTakenOver = true;
        log.failure(error);
        void Promise.all([server.shutdown(), other?.shutdown()]);
      });
      const also = other === undefined
        ? []
        : [`Clients of beanstalkd connect to ${other.address}.`];
      code = await serveToEnd("lineup queue", {
        server,
        admin,
        log,
        flags,
        details: { data: placeName(data), beanstalkd: other?.address },
        hints: [whereJobsAre(data), ...also],
      });
      await other?.finished;
    } finally {
      if (!await closed(work, log)) code = LOST;
      if (log.isStarted) log.stopped();
    }
    return isTakenOver ? TAKEN_OVER : code;
  },
};

/** The queues of --metrics-keys. Throws `UsageError`. */
function readMetricsKeys({ "metrics-keys": keys, admin }: Flags): string[] {
  if (keys === undefined) return [];
  if (admin === undefined) {
    throw new UsageError("--metrics-keys needs --admin [HOST:]PORT as well.");
  }
  return [...new Set<string>(keys)];
}

/** The options of a queue for its flags. */
function queueOptions(flags: Flags): QueueReconfiguration {
  const capacity = Object.entries(CAPACITY).map(([flag, { member }]) => [member, flags[flag]]);
  return {
    ...Object.fromEntries(capacity),
    resultTime: flags["result-time"],
    maxMemory: flags["max-memory"],
    logLevel: flags["log-level"],
  };
}

const NO_WAIT = "--wait has an effect only with --data FILE: a database is not waited for.";
const NO_SIZE = "--max-size has an effect only when serving --data FILE.";

/** How to serve by the flags. Throws `UsageError` where they do not go together. */
function planOf(flags: Flags) {
  if (flags["max-size"] !== undefined && !isFile(flags.data)) {
    throw new UsageError(NO_SIZE);
  }
  if (flags.wait !== undefined && !isFile(flags.data)) throw new UsageError(NO_WAIT);
  return {
    serving: servingOptions(flags),
    handlersOf: beanstalkdHandlers(flags),
    node: nodePlanOf(flags, isDatabase(flags.data)),
    keysOf: readMetricsKeys(flags),
  };
}

/** Closes a queue and reports lost changes. Resolves with whether nothing is lost. */
async function closed(work: OpenQueue, log: ServerLog): Promise<boolean> {
  try {
    const lost = await work.close();
    if (lost > 0) {
      const changes = `${counted(lost, "change")} ${lost === 1 ? "is" : "are"} lost`;
      log.failure(new Error(`the store failed: ${changes}`));
    }
    return lost === 0;
  } catch (error) {
    log.failure(error);
    return false;
  }
}
