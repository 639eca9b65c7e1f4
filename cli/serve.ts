import { serve } from "../server/mod.ts";
import { type Subcommand, UsageError } from "./flags.ts";
import { importService } from "./service_module.ts";
import { serveToEnd, servingFlags, servingOptions } from "./serving.ts";

/** `lineup serve`. */
export const serveCommand: Subcommand = {
  summary: "Serve a module whose default export is { protocol, handlers }.",
  args: "MODULE",
  count: [1, 1],
  flags: servingFlags,
  async run([word], flags) {
    const { protocol, handlers } = await importService(word);
    if (handlers === undefined) throw new UsageError(`${word} exports no handlers.`);
    const server = await serve(protocol, handlers, servingOptions(flags));
    return await serveToEnd(protocol.name, server, `${protocol.name}: ${protocol.summary}`);
  },
};
