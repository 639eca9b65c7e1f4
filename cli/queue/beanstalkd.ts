// `lineup queue --beanstalkd`: the same jobs for clients of beanstalkd.

import { TubeNames } from "../../queue/beanstalkd/tube_names.ts";
import { beanstalkd, beanstalkdProtocol, type OpenQueue } from "../../queue/mod.ts";
import { type Reconfiguration, serve, type ServeOptions, type Server } from "../../server/mod.ts";
import { type Flag, type Flags, UsageError } from "../flags.ts";

/** beanstalkd's longest line, without its end. */
const MAX_LINE = 222;
const MAX_BODY = 1 << 20;
/** The most connections of one address: a process of a client often has several, and keeps them. */
const CONNECTIONS_PER_CLIENT = 1024;

/** The flags for clients of beanstalkd. */
export const beanstalkdFlags: Readonly<Record<string, Flag>> = {
  beanstalkd: {
    value: "PORT",
    type: { type: "integer", min: 0, max: 65_535 },
    summary: "Serve clients of beanstalkd as well, on this port of --host; its own port is 11300.",
  },
  "beanstalkd-identity": {
    value: "NAME",
    summary:
      "The identity of all clients of beanstalkd, which cannot prove one; with --identities. Without it they are anonymous.",
  },
  "beanstalkd-key": {
    value: "PATTERNS",
    list: true,
    summary:
      "The tubes that stand for keys of a queue, such as 'mail.*', separated by commas: tube mail.acme is queue mail, key acme.",
  },
};

/** The handlers for the flags; `undefined` without --beanstalkd. Throws `UsageError`. */
export function beanstalkdHandlers(
  { beanstalkd: port, "beanstalkd-key": patterns, ...flags }: Flags,
): ((work: OpenQueue) => ReturnType<OpenQueue["beanstalkd"]>) | undefined {
  if (port === undefined) {
    if (patterns !== undefined) throw new UsageError("--beanstalkd-key needs --beanstalkd PORT.");
    if (flags["beanstalkd-identity"] !== undefined) {
      throw new UsageError("--beanstalkd-identity needs --beanstalkd PORT.");
    }
    return undefined;
  }
  if (flags["beanstalkd-identity"] !== undefined && flags.identities === undefined) {
    throw new UsageError("--beanstalkd-identity needs --identities FILE.");
  }
  const keys: string[] = patterns ?? [];
  try {
    new TubeNames(keys);
  } catch (error) {
    throw new UsageError(`--beanstalkd-key: ${(error as Error).message}.`);
  }
  return (work) => work.beanstalkd({ keys, maxBody: MAX_BODY });
}

/** The options of a server for clients of beanstalkd, of those of the other server. */
export function ofBeanstalkd<O extends Reconfiguration>(options: O): O {
  return {
    ...options,
    connections: { ...options.connections, connectionsPerClient: CONNECTIONS_PER_CLIENT },
    // Its clients connect early and keep their connections for as long as they live.
    timeouts: { ...options.timeouts, handshake: Infinity, idle: Infinity },
  };
}

/** Serves clients of beanstalkd on a port. */
export function serveBeanstalkd(
  { beanstalkd: port, "beanstalkd-identity": anonymous }: Flags,
  handlers: ReturnType<OpenQueue["beanstalkd"]>,
  heldWork: OpenQueue["heldWork"],
  options: ServeOptions,
): Promise<Server> {
  const { hostname, insecure, ...common } = ofBeanstalkd(options);
  return serve(beanstalkdProtocol, handlers, {
    ...common,
    dialect: beanstalkd,
    listen: undefined,
    port,
    hostname,
    insecure,
    tls: undefined,
    ws: undefined,
    reloads: [],
    anonymous,
    heldWork,
    limits: { maxLine: MAX_LINE, maxBody: MAX_BODY },
  });
}
