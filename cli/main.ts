/**
 * The `lineup` command.
 *
 *     lineup queue                    a durable work queue that telnet can drive
 *     lineup serve MODULE             any protocol with its handlers
 *     lineup call ADDRESS VERB ...    one request
 *     lineup connect ADDRESS          a terminal for people, a pipe for scripts
 *     lineup load ADDRESS VERB ...    load, and what it shows
 *     lineup check ADDRESS            does a server speak Lineup/1?
 *     lineup spec ADDRESS|MODULE      a protocol's reference
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { AddressError } from "../net/mod.ts";
import { call } from "./call.ts";
import { check } from "./check.ts";
import { connectCommand } from "./connect.ts";
import { nearest, readFlags, type Subcommand, subcommandHelp, UsageError } from "./flags.ts";
import { load } from "./load.ts";
import { queue } from "./queue.ts";
import { serveCommand } from "./serve.ts";
import { spec } from "./spec.ts";

const commands: Readonly<Record<string, Subcommand>> = {
  queue,
  serve: serveCommand,
  call,
  connect: connectCommand,
  load,
  check,
  spec,
};

/** A command line that cannot be run (EX_USAGE of sysexits.h). */
const BAD_USAGE = 64;
const FAILED = 1;

/**
 * Runs `lineup` with these arguments; resolves with the exit code: what the command says, 64 for a wrong command
 * line, 1 for a failure.
 *
 * @example
 * ```ts
 * import { main } from "@lineup/lineup/cli";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await main(["--version"]), 0);
 * assertEquals(await main(["quue"]), 64);
 * ```
 */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  try {
    if (name === "--version" || name === "-V") {
      console.log(`lineup ${config.version} (deno ${Deno.version.deno})`);
      return 0;
    }
    if (name === "--help" || name === "-h" || (name === "help" && rest.length === 0)) {
      console.log(help());
      return 0;
    }
    if (name === undefined) throw new UsageError("lineup needs a command.");
    if (name === "help") return await main([rest[0], "--help"]);
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) {
      const what = name.startsWith("-") ? "flag" : "command";
      const known = what === "flag" ? ["--help", "--version"] : Object.keys(commands);
      throw new UsageError(`There is no ${what} ${name}${nearest(name, known)}`);
    }
    const { args, flags } = readFlags(name, command, rest);
    if (flags.help) {
      console.log(subcommandHelp(name, command));
      return 0;
    }
    return await command.run(args, flags);
  } catch (error) {
    if (error instanceof UsageError || error instanceof AddressError) {
      const more = name !== undefined && Object.hasOwn(commands, name)
        ? `lineup ${name}`
        : "lineup";
      console.error(`lineup: ${error.message}\n${more} --help explains.`);
      return BAD_USAGE;
    }
    console.error(`lineup: ${error instanceof Error ? error.message : error}`);
    return FAILED;
  }
}

function help(): string {
  const rows = Object.entries(commands).map(([name, { args, summary }]) =>
    [`  ${name} ${args}`, summary] as const
  );
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return [
    `usage: lineup COMMAND [flags]`,
    "",
    config.description,
    "",
    ...rows.map(([left, right]) => left.padEnd(width) + right),
    "",
    "lineup COMMAND --help explains one; lineup --version tells the version.",
  ].join("\n");
}

if (import.meta.main) Deno.exit(await main(Deno.args));
