// A dialect on a server in memory, for the tests that every dialect must pass.

import type { DialectServeOptions, ServedDialect } from "@lineup/lineup/dialects";
import type { Protocol } from "@lineup/lineup/protocol";
import {
  type Handlers,
  type Identities,
  listenMemory,
  serve,
  type ServeOptions,
  type Service,
} from "@lineup/lineup/server";

/** The options of a server for the options of the suite. */
export function suiteOptions({ connections, token }: DialectServeOptions): ServeOptions {
  return {
    ...connections === undefined ? {} : { connections: { connections } },
    ...token === undefined ? {} : { identities: oneIdentity(token) },
  };
}

/** Identities of which there is one, acme, with a token. */
function oneIdentity(token: string): Identities {
  const identity = { name: "acme", roles: [], grants: {} };
  const credential = { identity, renewed: () => identity };
  return {
    authenticate: (given) => given === token ? credential : { why: "it is another token" },
    named: () => undefined,
    watch: () => () => {},
  };
}

/** Serves a protocol. `handlers` gets the function with which the handler of the slow request waits. */
export async function serveInMemory<const P extends Protocol>(
  protocol: P,
  handlers: (wait: () => Promise<void>) => Handlers<P>,
  options: ServeOptions,
): Promise<ServedDialect> {
  const started = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const wait = (): Promise<void> => {
    started.resolve();
    return released.promise;
  };
  const listener = listenMemory();
  const server = await serve({ protocol, handlers: handlers(wait) } as Service, {
    log: () => {},
    ...options,
    listen: [listener],
  });
  return {
    connect: () => Promise.resolve(listener.connect()),
    started: started.promise,
    release: released.resolve,
    shutdown: () => server.shutdown(),
    async [Symbol.asyncDispose]() {
      released.resolve();
      await server.shutdown();
    },
  };
}
