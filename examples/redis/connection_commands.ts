// The commands about the connection and the server. They answer from the session, whatever the protocol is.

import type { Builtin, BuiltinContext } from "@lineup/lineup/dialects";
import { type Command, Refusal, type Values } from "@lineup/lineup/protocol";
import { auth, onAuth, wrongPassword } from "./auth.ts";
import { clientInfo, setInfo, setName } from "./client_facts.ts";
import { commandDocs, commandInfo, helpOf } from "./command_docs.ts";
import { configOf } from "./config.ts";
import { hello, onHello } from "./hello.ts";
import { infoText } from "./info.ts";
import { OK, Simple, Verbatim } from "./reply.ts";
import type { RedisSession } from "./session.ts";

type Run = (args: Values, session: RedisSession, context: BuiltinContext) => unknown;
type Described = Omit<Command, "reply" | "idempotent">;

/** A command whose reply is one frame. */
function builtin(command: Described, run: Run): Builtin {
  return {
    command: { ...command, reply: { value: "json" }, idempotent: true },
    control: true,
    identity: true,
    async run(args, context, session) {
      return { value: await run(args, session as RedisSession, context) };
    },
  };
}

/** The HELP of the subcommands of a command. */
function help(name: string): Builtin {
  return builtin({ summary: "Print this help." }, (_args, { table }) => helpOf(table.get(name)!));
}

const names = { name: { type: "text", many: true, optional: true } } as const;
const PONG = { value: new Simple("PONG") };
const ping = ({ message }: Values): Values => message === undefined ? PONG : { value: message };

/** The commands by verb. A hyphen begins the name of a subcommand. */
export const connectionCommands: Readonly<Record<string, Builtin>> = {
  PING: {
    command: {
      summary: "Answer PONG, or the message.",
      args: { message: "text?" },
      reply: { value: "json" },
      idempotent: true,
    },
    control: true,
    identity: true,
    run: ping,
    instant: ping,
  },
  ECHO: builtin(
    { summary: "Answer the message.", args: { message: "text" } },
    ({ message }) => message,
  ),
  AUTH: {
    ...builtin({
      summary: "Say who you are: the password is the token of an identity.",
      args: { credentials: { type: "text", many: true } },
      errors: wrongPassword,
    }, (proof, _session, context) => auth(proof, context)),
    identity: false,
    onArrival: (args, context, session) => onAuth(args, context, session as RedisSession),
  },
  HELLO: {
    ...builtin({
      summary: "Choose the version of the protocol, and say who you are.",
      args: { protover: "text?", options: { type: "text", many: true, optional: true } },
      errors: {
        ...wrongPassword,
        "no-protocol": { summary: "The server speaks RESP2 and RESP3 only." },
      },
    }, hello),
    identity: false,
    onArrival: (args, context, session) => onHello(args, context, session as RedisSession),
  },
  SELECT: builtin(
    { summary: "Choose the database: there is one, 0.", args: { index: "integer" } },
    ({ index }) => {
      if (index === 0) return OK;
      throw new Refusal("bad-arguments", "DB index is out of range");
    },
  ),
  QUIT: {
    command: {
      summary: "Answer what is in flight, then close.",
      args: { ignored: { type: "text", many: true, optional: true } },
      idempotent: true,
    },
    control: true,
    run: (_args, context) => context.quit(),
  },
  INFO: builtin(
    { summary: "Tell the figures of the server.", args: { section: names.name } },
    ({ section }, _session, context) =>
      new Verbatim(infoText(new Map(context.figures()), section as string[] | undefined)),
  ),

  "CLIENT-GETNAME": builtin(
    { summary: "Tell the name of this connection." },
    (_args, { told }) => told.name || null,
  ),
  "CLIENT-HELP": help("CLIENT"),
  "CLIENT-ID": builtin(
    { summary: "Tell the number of this connection." },
    (_args, _session, { id }) => id,
  ),
  "CLIENT-INFO": builtin(
    { summary: "Tell the facts of this connection." },
    (_args, session, { id }) => new Verbatim(clientInfo(session, id)),
  ),
  "CLIENT-SETINFO": builtin(
    { summary: "Say which library you use.", args: { attribute: "text", value: "text" } },
    ({ attribute, value }, session) => setInfo(session, attribute as string, value as string),
  ),
  "CLIENT-SETNAME": builtin(
    { summary: "Name this connection.", args: { name: "text" } },
    ({ name }, session, context) => setName(session, name as string, context),
  ),

  COMMAND: builtin(
    { summary: "Describe all commands for programs." },
    (_args, { table }) => [...table.values()].map(commandInfo),
  ),
  "COMMAND-COUNT": builtin({ summary: "Count the commands." }, (_args, { table }) => table.size),
  "COMMAND-DOCS": builtin(
    { summary: "Describe commands for people.", args: names },
    ({ name }, { table }) => {
      const chosen = name as string[] | undefined ?? [...table.keys()];
      const entries = chosen.flatMap((each) => table.get(each.toUpperCase()) ?? []);
      return new Map(entries.map((entry) => [entry.name.toLowerCase(), commandDocs(entry)]));
    },
  ),
  "COMMAND-HELP": help("COMMAND"),
  "COMMAND-INFO": builtin(
    { summary: "Describe some commands for programs.", args: names },
    ({ name }, { table }) => {
      const chosen = name as string[] | undefined ?? [...table.keys()];
      return chosen.map((each) => {
        const entry = table.get(each.toUpperCase());
        return entry === undefined ? null : commandInfo(entry);
      });
    },
  ),
  "COMMAND-LIST": builtin(
    { summary: "List the names of the commands." },
    (_args, { table }) => [...table.keys()].map((name) => name.toLowerCase()),
  ),

  "CONFIG-GET": builtin({
    summary: "Tell the parameters whose names match a pattern.",
    args: { parameter: { type: "text", many: true, max: 64 } },
  }, ({ parameter }, session, context) => configOf(session, context, parameter as string[])),
  "CONFIG-HELP": help("CONFIG"),
};
