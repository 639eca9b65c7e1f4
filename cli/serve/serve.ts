// `lineup serve`: serves a protocol with the handlers of a module.

import { serve, type Server } from "../../server/mod.ts";
import { configOfWorkers } from "../../server/workers/process.ts";
import { reloadable } from "../configuration/reload.ts";
import { type Subcommand, UsageError } from "../flags.ts";
import { traceServer } from "../open_telemetry.ts";
import { reason } from "../reason.ts";
import { tuningGroups } from "../tuning.ts";
import { aboutModule, importService, servable } from "../service_module.ts";
import { checkProcesses, serveProcesses } from "./processes.ts";
import { ServerLog } from "../server_log.ts";
import {
  liveOptions,
  openAdmin,
  openIdentities,
  serveToEnd,
  servingFlags,
  servingOptions,
} from "../serving.ts";

/** `lineup serve`. */
export const serveCommand: Subcommand = {
  summary: "Serve a module whose default export is a service, { protocol, handlers }, or several.",
  args: "MODULE",
  isConfigured: true,
  groups: tuningGroups,
  count: [1, 1],
  completes: ["files"],
  examples: [
    "serve ./my_service.ts",
    "serve --port 0 --ws 0 ./my_service.ts",
    "serve --workers 4 --listen unix:/run/mine.sock ./my_service.ts",
  ],
  flags: {
    ...servingFlags,
    workers: {
      value: "N",
      type: { type: "integer", min: 1, max: 1024 },
      summary: "Run the handlers in N processes of their own, for handlers that need much CPU.",
    },
    processes: {
      value: "N",
      type: { type: "integer", min: 1, max: 256 },
      summary:
        "Serve with N processes at one port, for more than one core. Needs deno's --unstable-net.",
    },
    "worker-config": {
      value: "FILE",
      summary:
        "The deno.json for --workers, as Deno does not tell its own. Default: the nearest to Lineup's main module, or to the working directory where Lineup comes from a registry.",
    },
  },
  more:
    `A module that exports a dialect as well (export const dialect = lineDialect(...)) is served in it.

With --workers, the output of handlers goes to standard error, and deno needs --allow-run (or
--allow-run=PATH with the path of Deno.execPath()), --allow-read, --allow-write and --allow-net.

--processes divides the limits on connections, seats and memory among the processes; those of one client hold
in each process. STATS tells of the process that answers, and with all- before the name of all of them, at
most a second old. A process that ends is replaced. deno needs the same permissions as for --workers.`,
  exits: [
    [0, "Ctrl-C or SIGTERM."],
    [1, "It cannot listen, or the module fails."],
  ],
  check(flags) {
    const { workers: size, "worker-config": config } = flags;
    if (config !== undefined) checkConfig(config, size ?? flags.processes);
    servingOptions(flags);
  },
  async run([word], flags, { configuration }) {
    const { workers: size, "worker-config": config, processes } = flags;
    if (processes !== undefined) {
      checkProcesses(flags);
      return await serveProcesses(
        word,
        flags,
        processes,
        (apply) => reloadable(serveCommand, configuration!, apply),
      );
    }
    const module = await importService(word);
    const services = servable(module, word);
    if (size !== undefined && services.length > 1) {
      throw new UsageError(`--workers needs a module with one service; ${word} has several.`);
    }
    const { dialect } = module;
    const options = { ...servingOptions(flags), dialect };
    using _identities = openIdentities(flags, options);
    const starting = Promise.withResolvers<Server>();
    await using admin = await openAdmin(flags, starting.promise);
    const server = size === undefined
      ? await serve(services, options).catch((error) => {
        throw aboutModule(error, word);
      })
      : await serve({ ...services[0], handlers: {} }, {
        ...options,
        workers: { module: module.url, size, config },
      })
        .catch((error) => {
          throw explained(error, config);
        });
    // Of several protocols, a verb does not tell which one it is from.
    await traceServer(server, services.length === 1 ? services[0].protocol.name : undefined);
    starting.resolve(server);
    options.reloads.unshift(
      reloadable(serveCommand, configuration!, (next) => server.reconfigure(liveOptions(next))),
    );
    const names = services.map(({ protocol }) => protocol.name);
    const hints = services.map(({ protocol: { name, summary } }) => `${name}: ${summary}`);
    const log = new ServerLog(flags);
    const code = await serveToEnd([...new Set(names)].join(" and "), {
      server,
      admin,
      log,
      flags,
      dialect,
      details: { module: word },
      hints: [hints.join(" ")],
    });
    log.stopped();
    return code;
  },
};

/** Checks --worker-config. Throws `UsageError`. */
function checkConfig(path: string, workers: number | undefined): void {
  if (workers === undefined) throw new UsageError("--worker-config needs --workers N as well.");
  let isFile: boolean;
  try {
    ({ isFile } = Deno.statSync(path));
  } catch (error) {
    throw new UsageError(`--worker-config ${path}: ${reason(error)}.`);
  }
  if (!isFile) throw new UsageError(`--worker-config ${path}: it is not a file.`);
}

/** Names the configuration of the workers in an error of an import that works in this process and fails in a worker. */
function explained(error: unknown, config: string | undefined): unknown {
  if (!(error instanceof Error) || !/import map|not a dependency/.test(error.message)) return error;
  const path = configOfWorkers(config) ?? "no deno.json";
  return new Error(
    `${error.message}\nWorkers run with ${path}; --worker-config FILE names another one.`,
    { cause: error },
  );
}
