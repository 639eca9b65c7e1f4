import { serve } from "../server/mod.ts";
import { type Subcommand, UsageError } from "./flags.ts";
import { importService } from "./service_module.ts";
import { serveToEnd, servingFlags, servingOptions } from "./serving.ts";

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
  },
  more:
    "With --workers what handlers print goes to standard error; deno needs --allow-run, --allow-read, --allow-write and --allow-net.\n\n" +
    "Exit code: 0 once Ctrl-C, SIGTERM or SIGHUP has ended it, 1 if it cannot listen or the module fails.",
  async run([word], flags) {
    const { url, protocol, handlers } = await importService(word);
    if (handlers === undefined) throw new UsageError(`${word} exports no handlers.`);
    const options = servingOptions(flags);
    const server = flags.workers === undefined
      ? await serve(protocol, handlers, options)
      : await serve(protocol, {}, { ...options, workers: { module: url, size: flags.workers } });
    return await serveToEnd(protocol.name, server, `${protocol.name}: ${protocol.summary}`);
  },
};
