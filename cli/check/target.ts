// The server that is checked: at an address, or one of a module, which is started for the check.

import { ConnectionLost, type Dial } from "../../client/mod.ts";
import { type ByteStream, listenMemory, parseAddress } from "../../net/mod.ts";
import type { Protocol } from "../../protocol/spec.ts";
import { logToConsole } from "../../server/log.ts";
import { type Context, serve, type Server, type Service } from "../../server/mod.ts";
import { reason } from "../reason.ts";
import { aboutModule, importService, protocolOf, servable } from "../service_module.ts";

/** A server to check. */
export interface CheckTarget extends AsyncDisposable {
  /** Its name for people. */
  readonly name: string;
  /** A request that changes nothing and takes some seconds. */
  readonly slow: string | undefined;
  /** Begins the shutdown of the server: later connections get another one. Default: the server is not ours. */
  readonly drain?: () => void;
  connect(): Promise<ByteStream>;
}

/** The server at an address. Rejects with `ConnectionLost` if none is there. */
export async function targetAt(
  word: string,
  dial: Dial,
  slow: string | undefined,
): Promise<CheckTarget> {
  const address = parseAddress(word);
  const connect = (): Promise<ByteStream> => dial(address, {});
  try {
    (await connect()).close();
  } catch (error) {
    throw new ConnectionLost(`cannot connect to ${word}: ${reason(error)}`, "no");
  }
  return { name: word, slow, connect, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** The command that the check serves beside the protocol of a module. */
const WAIT = "LINEUP-CHECK-WAIT";

/** A service of its own: the middleware of the module is not around it. */
const waiting: Service = {
  protocol: {
    name: "lineup-check",
    version: "1.0",
    summary: "What the check of a module needs.",
    commands: { [WAIT]: { summary: "Wait until the request is cancelled." } },
  },
  handlers: {
    [WAIT]: (_args: unknown, { park }: Context) => park(new Promise<never>(() => {})),
  },
};

/** The time in ms that a server has for its end. */
const DRAIN_MS = 200;

/** A server of a module, in memory. Its errors go to standard error. */
export async function targetOf(
  word: string,
): Promise<CheckTarget & { readonly protocol: Protocol }> {
  const module = await importService(word);
  const services = servable(module, word);
  const start = async (): Promise<OwnServer> => {
    const memory = listenMemory();
    const server = await serve([...services, waiting], {
      listen: [memory],
      drain: DRAIN_MS,
      log: (entry) => entry.level === "error" && logToConsole(entry),
    }).catch((error) => {
      throw aboutModule(error, word);
    });
    return { memory, server };
  };
  const ended: Promise<void>[] = [];
  let served: OwnServer | undefined = await start();
  const end = (): void => {
    if (served !== undefined) ended.push(served.server.shutdown());
    served = undefined;
  };
  return {
    name: word,
    protocol: protocolOf(module),
    slow: WAIT,
    drain: end,
    async connect() {
      served ??= await start();
      return served.memory.connect();
    },
    async [Symbol.asyncDispose]() {
      end();
      await Promise.all(ended);
    },
  };
}

/** A server, and the listener to connect to it. */
interface OwnServer {
  readonly memory: ReturnType<typeof listenMemory>;
  readonly server: Server;
}
