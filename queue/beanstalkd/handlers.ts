// The commands of beanstalkd as calls of an engine.

import type { ConnectedClient, Context } from "../../server/request/handlers.ts";
import { bounds } from "../bounds.ts";
import { engineFor } from "../engine/engine_access.ts";
import { GuardedRankedEngine } from "../engine/guarded_ranked_engine.ts";
import type { RankedEngine } from "../engine/ranked_engine.ts";
import { notIgnored } from "../refusals.ts";
import { BeanstalkdClient } from "./client.ts";
import { ClientCounts } from "./client_counts.ts";
import { delayOf, leaseOf } from "./durations.ts";
import { inspectors } from "./inspectors.ts";
import type { BeanstalkdHandlers, BeanstalkdOptions } from "./options.ts";
import type { ClientHandlers, HandlerParts } from "./parts.ts";
import { reservers } from "./reservers.ts";
import { TubeNames } from "./tube_names.ts";
import { Tubes } from "./tubes.ts";

/** The priority of jobs in the queue: that of a PUT that names none. */
const PRIORITY = Number(bounds.priority.default);

/**
 * Makes the handlers of `beanstalkdProtocol` that serve an engine. Throws `RangeError` for a pattern that is none.
 * `openQueue` makes handlers of an engine with a {@linkcode Store}.
 *
 * @example An engine of which only `kick` is written so far
 * ```ts
 * import {
 *   beanstalkd,
 *   beanstalkdProtocol,
 *   createBeanstalkdHandlers,
 *   type RankedEngine,
 * } from "@lineup/lineup/queue";
 * import { serve } from "@lineup/lineup/server";
 * import { assertEquals } from "@std/assert";
 *
 * const engine: Pick<RankedEngine, "wakeFirst" | "counts"> = {
 *   wakeFirst: (_scope, most) => Promise.resolve(Math.min(most, 3)),
 *   counts: () => ({ delayed: 0, ready: 0, taken: 0, dead: 3, done: 0, urgent: 0 }),
 * };
 *
 * const handlers = createBeanstalkdHandlers(engine as RankedEngine);
 * await using server = await serve(beanstalkdProtocol, handlers, { dialect: beanstalkd, port: 0 });
 *
 * const { port } = new URL(server.address);
 * using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
 * await connection.write(new TextEncoder().encode("kick 10\r\nquit\r\n"));
 * assertEquals(await new Response(connection.readable).text(), "KICKED 3\r\n");
 * ```
 */
export function createBeanstalkdHandlers(
  engine: RankedEngine,
  { keys = [], maxBody = 1 << 20 }: BeanstalkdOptions = {},
): BeanstalkdHandlers {
  const tubes = new Tubes(engine, new TubeNames(keys));
  const counts = new ClientCounts();
  const access = engineFor<RankedEngine>(
    engine,
    (engine, rights) => new GuardedRankedEngine(engine, rights),
  );
  const engineOf: HandlerParts["engineOf"] = ({ identity }) => access(identity);
  const parts = { engine, engineOf, tubes, counts, maxBody };
  const clients = new WeakMap<ConnectedClient, BeanstalkdClient>();

  const clientOf = (connection: ConnectedClient): BeanstalkdClient => {
    let client = clients.get(connection);
    if (client === undefined) {
      const made = client = new BeanstalkdClient(connection, tubes);
      clients.set(connection, made);
      counts.enter();
      connection.whenClosed(() => {
        made.close();
        counts.leave(made);
      });
    }
    return client;
  };

  const all: ClientHandlers = {
    ...producers(parts),
    ...reservers(parts),
    ...inspectors(parts),
  };
  const handlers = Object.entries(all).map(([verb, handler]) => {
    const run = handler as (args: unknown, context: Context, client: BeanstalkdClient) => unknown;
    const count = counts.of(verb);
    return [verb, (args: unknown, context: Context): unknown => {
      count.commands++;
      const client = clientOf(context.client);
      return client.waits
        ? client.inOrder(context, () => run(args, context, client))
        : run(args, context, client);
    }];
  });
  return Object.fromEntries(handlers) as BeanstalkdHandlers;
}

/** The commands that put jobs, and those that choose tubes. */
function producers(
  { engineOf, counts }: HandlerParts,
): Pick<ClientHandlers, "PUT" | "USE" | "WATCH" | "IGNORE"> {
  return {
    PUT({ priority, delay, ttr, body }, context, client) {
      const tube = client.used;
      const { scope } = tube;
      if (!client.isProducer) counts.produces(client);
      const putting = engineOf(context).put({
        queue: scope.queue,
        key: scope.key,
        body,
        priority: PRIORITY,
        attempts: 0,
        lease: leaseOf(ttr),
        backoff: 0,
        keep: false,
        delay: delayOf(delay),
        rank: priority,
      }, context);
      tube.puts++;
      return putting;
    },

    USE({ tube }, _context, client) {
      client.use(tube);
      return { tube };
    },

    WATCH({ tube }, _context, client) {
      client.watch(tube);
      return { count: client.watched.size };
    },

    IGNORE({ tube }, _context, client) {
      if (!client.ignore(tube)) throw notIgnored(tube);
      return { count: client.watched.size };
    },
  };
}
