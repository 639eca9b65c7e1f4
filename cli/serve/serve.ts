import { serve } from "../../server/mod.ts";
import { configOfWorkers } from "../../server/workers/process.ts";
import { type Subcommand, UsageError } from "../flags.ts";
import { reason } from "../reason.ts";
import { importService } from "../service_module.ts";
import { serveToEnd, servingFlags, servingOptions } from "../serving.ts";

/** `lineup serve`. */
export const serveCommand: Subcommand = {
  summary: "Serve a module whose default export is { protocol, handlers }.",
  args: "MODULE",
  count: [1, 1],
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
      summary: "Run the handlers in so many processes of their own, as those want that burn CPU.",
    },
    "worker-config": {
      value: "FILE",
      summary:
        "The deno.json of --workers. Default: the nearest to Lineup's own main module, for Deno does not tell the one of --config.",
    },
  },
  more:
    "With --workers what handlers print goes to standard error; deno needs --allow-run (or --allow-run=PATH with the path that Deno.execPath() gives), --allow-read, --allow-write and --allow-net.\n\n" +
    "Exit code: 0 once Ctrl-C, SIGTERM or SIGHUP has ended it, 1 if it cannot listen or the module fails.",
  async run([word], flags) {
    const { workers: size, "worker-config": config } = flags;
    if (config !== undefined) checkConfig(config, size);
    const { url, protocol, handlers } = await importService(word);
    if (handlers === undefined) throw new UsageError(`${word} exports no handlers.`);
    const options = servingOptions(flags);
    const server = size === undefined
      ? await serve(protocol, handlers, options)
      : await serve(protocol, {}, { ...options, workers: { module: url, size, config } })
        .catch((error) => {
          throw explained(error, config);
        });
    return await serveToEnd(protocol.name, server, `${protocol.name}: ${protocol.summary}`);
  },
};

/** Throws `UsageError`. */
function checkConfig(path: string, workers: number | undefined): void {
  if (workers === undefined) throw new UsageError("--worker-config needs --workers N beside it.");
  let isFile: boolean;
  try {
    ({ isFile } = Deno.statSync(path));
  } catch (error) {
    throw new UsageError(`--worker-config ${path}: ${reason(error)}.`);
  }
  if (!isFile) throw new UsageError(`--worker-config ${path}: it is no file.`);
}

/** Names the configuration where that is why a worker cannot import something which this process could. */
function explained(error: unknown, config: string | undefined): unknown {
  if (!(error instanceof Error) || !/import map|not a dependency/.test(error.message)) return error;
  const path = configOfWorkers(config) ?? "no deno.json";
  return new Error(
    `${error.message}\nWorkers run with ${path}; --worker-config FILE names another one.`,
    { cause: error },
  );
}
