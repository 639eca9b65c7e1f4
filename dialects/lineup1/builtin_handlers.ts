// The handlers of the built-in commands.

import { title } from "../../protocol/combine.ts";
import { specDocument } from "../../protocol/document.ts";
import { Refusal } from "../../protocol/errors.ts";
import { commandHelp, helpText } from "../../protocol/help.ts";
import type { Values } from "../../protocol/shape.ts";
import {
  type Authentication,
  type Builtin,
  type BuiltinContext,
  provedName,
  type Served,
} from "../dialect.ts";
import { builtin, type BuiltinCommands } from "./builtin_protocol.ts";
import { authOf, maxInFlight } from "./greeting.ts";
import { VERSION } from "./version.ts";
import type { Lineup1Session } from "./session.ts";

const { HELLO, AUTH, HELP, SPEC, PING, STATS, CANCEL, QUIT } = builtin.commands;

/** Every built-in command with its handler. */
export const builtins: Readonly<Record<keyof BuiltinCommands, Builtin>> = {
  HELLO: { command: HELLO, control: true, run: hello },
  AUTH: { command: AUTH, control: true, proof: true, onArrival: authenticate, run: auth },
  HELP: { command: HELP, run: help },
  SPEC: { command: SPEC, run: spec },
  PING: { command: PING, control: true, run: ping, instant: ping },
  STATS: { command: STATS, control: true, role: "operator", run: stats },
  CANCEL: { command: CANCEL, control: true, run: cancel },
  QUIT: { command: QUIT, control: true, run: quit },
};

function hello(args: Values, context: BuiltinContext, session: Lineup1Session): Values {
  if (args.version !== VERSION) {
    throw new Refusal("unsupported-version", `This server speaks ${VERSION}.`);
  }
  if (args.protocol !== undefined) {
    session.served = choose(args.protocol as string, context, session);
  }
  const { timing, events } = args;
  if (timing !== undefined) session.timed = timing as boolean;
  if (events !== undefined) session.events = events as boolean;
  context.introduce({
    agent: args.agent as string | undefined,
    halfCloses: args["half-close"] as boolean | undefined,
    heartbeat: args.heartbeat as number | undefined,
  });
  const { served } = session;
  const { compiled: { protocol }, limits } = served;
  return {
    version: VERSION,
    protocol: title(protocol),
    "max-line": limits.maxLine,
    "max-body": limits.maxBody,
    "max-in-flight": maxInFlight(served),
    auth: authOf(served),
    identity: context.identity?.name,
    body: args.rights === true ? rightsOf(context) : undefined,
  };
}

/** The rights of the client; `undefined` where it has no identity, or needs none. */
function rightsOf({ identity }: BuiltinContext): unknown {
  return identity && { roles: identity.roles, grants: identity.grants };
}

/** The token goes no further than this. */
function authenticate({ token }: Values, context: BuiltinContext): Values {
  return context.authenticate(token as string) as unknown as Values;
}

function auth(proof: Values, context: BuiltinContext): Values | Promise<Values> {
  const identity = provedName(proof as unknown as Authentication, context);
  return typeof identity === "string" ? { identity } : identity;
}

/** Chooses a protocol of the server by its name and version. */
function choose(text: string, context: BuiltinContext, { served }: Lineup1Session): Served {
  const [, name, version] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (version === undefined) {
    throw new Refusal("bad-arguments", "protocol= must be a name and a version, such as calc/1.0.");
  }
  const chosen = context.choose(name, version);
  if (chosen !== undefined) return chosen;
  const all = [title(served.compiled.protocol), ...served.others ?? []].join(" and ");
  throw new Refusal("unsupported-version", `This server speaks ${all}, not ${text}.`);
}

function help({ verb }: Values, _context: BuiltinContext, session: Lineup1Session): Values {
  const { compiled } = session.served;
  if (verb === undefined) return { body: withEnds(helpText(compiled), session) };
  const command = compiled.commands.get((verb as string).toUpperCase());
  if (command === undefined) {
    throw new Refusal("bad-arguments", `There is no command ${verb}; HELP lists them.`);
  }
  return { body: withEnds(commandHelp(command), session) };
}

function withEnds(text: string, { eol }: Lineup1Session): string {
  return text.replaceAll("\n", eol);
}

function spec(_args: Values, _context: BuiltinContext, session: Lineup1Session): Values {
  return { body: specDocument(session.served.compiled) };
}

function ping({ word }: Values): Values {
  return { word: word ?? "pong" };
}

function* stats(_args: Values, context: BuiltinContext): Generator<Values, Values> {
  let count = 0;
  for (const [name, value] of context.figures()) {
    yield { name, value: String(value) };
    count++;
  }
  return { count };
}

function cancel({ tag }: Values, context: BuiltinContext): Values {
  if (context.cancel(tag as string, "CANCEL ended the request.")) return {};
  throw new Refusal("not-found", `No request with the tag ${tag} waits or runs.`);
}

async function quit(_args: Values, context: BuiltinContext): Promise<Values> {
  await context.quit();
  return { word: "bye" };
}
