/**
 * The `lineup` command.
 *
 *     lineup queue                a durable work queue that telnet can drive
 *     lineup serve MODULE         a server for any protocol with its handlers
 *     lineup put QUEUE            put jobs into a queue
 *     lineup work QUEUE ...       run a program for each job
 *     lineup call VERB ...        send one request
 *     lineup connect              a terminal for people, a pipe for scripts
 *     lineup load VERB ...        put load on a server, and report
 *     lineup queues               the queues of a server and their jobs
 *     lineup top                  a live view of a server
 *     lineup check                check that a server speaks Lineup/1
 *     lineup spec                 print a protocol's reference
 *     lineup config               the configuration of a server
 *     lineup token add NAME       give clients identities, tokens and rights
 *     lineup context              name servers
 *     lineup completion SHELL     print a shell's completion
 *     lineup man                  print the manual page
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { AddressError } from "../net/mod.ts";
import { logJsonToConsole, logToConsole } from "../server/log.ts";
import {
  type Configuration,
  type Flags,
  type LineupProgram,
  nearest,
  readFlags,
  type Subcommand,
  UsageError,
} from "./flags.ts";
import { CLOSED_PIPE, complain, note, OutputClosed, print, said } from "./output.ts";
import { reason } from "./reason.ts";
import { connectionFailure } from "./remote_spec.ts";

/** Each command is loaded when it is needed: loading all of them doubles the time to start one. */
const commands: Readonly<Record<string, () => Promise<Subcommand>>> = {
  queue: async () => (await import("./queue/queue.ts")).queue,
  serve: async () => (await import("./serve/serve.ts")).serveCommand,
  put: async () => (await import("./put/put.ts")).put,
  work: async () => (await import("./work/work.ts")).workCommand,
  call: async () => (await import("./call/call.ts")).call,
  connect: async () => (await import("./connect/connect.ts")).connectCommand,
  load: async () => (await import("./load/load.ts")).load,
  queues: async () => (await import("./queues/queues.ts")).queues,
  top: async () => (await import("./top/top.ts")).top,
  check: async () => (await import("./check/check.ts")).check,
  spec: async () => (await import("./spec/spec.ts")).spec,
  config: async () => (await import("./config/config.ts")).config,
  token: async () => (await import("./token/token.ts")).tokenCommand,
  context: async () => (await import("./context/context.ts")).contextCommand,
  completion: async () => (await import("./completion/completion.ts")).completion,
  man: async () => (await import("./man/man.ts")).man,
};

/** Help is loaded when it is needed too. */
const help = (): Promise<typeof import("./help.ts")> => import("./help.ts");

const program: Omit<LineupProgram, "argv"> = {
  version: config.version,
  description: config.description,
  commands: loadAll,
};

/** The exit code of a wrong command line (EX_USAGE of sysexits.h). */
const BAD_USAGE = 64;
const OK = 0, FAILED = 1, NO_CONNECTION = 2;

/** Whether a server runs whose log is read by programs. */
let logsJson = false;

/**
 * Runs `lineup` with these arguments. Resolves with the exit code: that of the command, 64 for a wrong command line, 2
 * without a connection, 141 if standard output is closed, 1 for another failure.
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
  try {
    return await run(argv);
  } finally {
    await said();
  }
}

async function run(argv: readonly string[]): Promise<number> {
  logsJson = false;
  const [name, ...rest] = argv;
  let used: { command: Subcommand; flags: Flags } | undefined;
  try {
    switch (name) {
      case "--version":
      case "-V":
        return printVersion();
      case "help":
        if (rest.length > 0) return await run([rest[0], "--help"]);
        // Falls through.
      case "--help":
      case "-h":
        print((await help()).commandsHelp(config.description, await loadAll()) + "\n");
        return OK;
    }
    const found = await find(name);
    const command = await found.chosenBy?.(rest, { ...program, argv }) ?? found;
    const configuration = await configurationOf(name, command, rest);
    const { args, flags } = configuration ?? readFlags(name, command, rest);
    if (flags.version) return printVersion();
    if (flags.help) {
      print((await help()).subcommandHelp(name, found) + "\n");
      return OK;
    }
    used = { command, flags };
    logsJson = command.isConfigured === true && flags["log-format"] === "json";
    return await runConfigured(command, args, flags, { ...program, argv, configuration });
  } catch (error) {
    if (error instanceof OutputClosed) return CLOSED_PIPE;
    if (error instanceof UsageError || error instanceof AddressError) {
      const more = Object.hasOwn(commands, name) ? `lineup ${name}` : "lineup";
      complain(error, `${more} --help explains.`);
      return BAD_USAGE;
    }
    const code = connectionFailure(error) === undefined ? FAILED : NO_CONNECTION;
    if (logsJson) {
      logJsonToConsole({ level: "error", message: "lineup ends", why: reason(error) });
      return code;
    }
    if (code === FAILED) {
      complain(error);
      return code;
    }
    complain(error, used && await destinationHint(used));
    return NO_CONNECTION;
  }
}

/** The configuration of a command that has one. Throws `UsageError`. */
async function configurationOf(
  name: string,
  command: Subcommand,
  argv: readonly string[],
): Promise<Configuration | undefined> {
  if (!command.isConfigured) return undefined;
  const { readConfiguration } = await import("./configuration/layers.ts");
  return await readConfiguration(name, command, argv, program);
}

/** Runs a command. A `UsageError` names the flags of its configuration by the places where they stand. */
async function runConfigured(
  command: Subcommand,
  args: readonly string[],
  flags: Flags,
  program: LineupProgram,
): Promise<number> {
  const { configuration } = program;
  const warn = (message: string): void =>
    logsJson ? logJsonToConsole({ level: "info", message }) : note(message);
  configuration?.warnings.forEach(warn);
  try {
    command.check?.(flags);
    return await command.run(args, flags, program);
  } catch (error) {
    if (configuration === undefined || !(error instanceof UsageError)) throw error;
    throw (await import("./configuration/layers.ts")).relabelled(error, configuration);
  }
}

/** Where an address comes from that the command line does not name. */
async function destinationHint(
  { command, flags }: { command: Subcommand; flags: Flags },
): Promise<string | undefined> {
  if (command.address === undefined || flags.address !== undefined) return undefined;
  return (await import("./destination.ts")).explainDestination(flags);
}

function printVersion(): number {
  print(`lineup ${config.version} (deno ${Deno.version.deno})\n`);
  return OK;
}

async function loadAll(): Promise<Record<string, Subcommand>> {
  const all = Object.entries(commands).map(async ([name, load]) => [name, await load()] as const);
  return Object.fromEntries(await Promise.all(all));
}

async function find(name: string | undefined): Promise<Subcommand> {
  const names = Object.keys(commands);
  if (name === undefined) {
    throw new UsageError(`A command is missing; choose one of ${names.join(", ")}.`);
  }
  if (Object.hasOwn(commands, name)) return await commands[name]();
  const [noun, known] = name.startsWith("-")
    ? ["flag", ["--help", "--version"]]
    : ["command", names];
  throw new UsageError(`There is no ${noun} ${name}${nearest(name, known)}`);
}

/** Reports a defect of ours. Deno would report it unescaped, and wait for a reader of standard error. */
async function crash(event: Event, error: unknown): Promise<void> {
  event.preventDefault();
  const log = logsJson ? logJsonToConsole : logToConsole;
  log({ level: "error", message: "lineup ends because of a defect", error });
  // While a line is being written, the last one needs another turn of the event loop.
  await said();
  Deno.exit(FAILED);
}

if (import.meta.main) {
  addEventListener("error", (event) => void crash(event, event.error));
  addEventListener("unhandledrejection", (event) => void crash(event, event.reason));
  Deno.exit(await main(Deno.args));
}
