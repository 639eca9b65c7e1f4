// The handlers of a node for other nodes, and NODES.

import type { Clock } from "../../scheduling/clock.ts";
import { Refusal } from "../../protocol/errors.ts";
import { type Context, type Service, service } from "../../server/mod.ts";
import type { Caller } from "../engine/caller.ts";
import type { DeliveredJob, Engine } from "../engine/engine.ts";
import { badArguments } from "../refusals.ts";
import type { Directory, WeighedJob } from "./directory.ts";
import { answers, bodyBytes, MOST_ITEMS, streams } from "./forwarded.ts";
import { type ClientName, NodeClients } from "./node_clients.ts";
import { isProof } from "./proof.ts";
import { nodeProtocol } from "./protocol.ts";
import type { ShardedEngine } from "./sharded_engine.ts";
import { fromBody, fromWire, toBody, toWire } from "./wire_values.ts";

/** The options of the service of a node. */
export interface NodeServiceOptions {
  /** The engine of this node, for its clients. */
  readonly engine: ShardedEngine;
  /** Where the shards are. */
  readonly directory: Directory;
  /** The clock of this node. */
  readonly clock: Clock;
  /** The secret of the cluster. */
  readonly secret: string;
}

/** One connection: the id of the node that it has proved to be. */
class NodeConnection {
  node: string | undefined = undefined;
  readonly #clients: NodeClients;

  constructor(clients: NodeClients) {
    this.#clients = clients;
  }

  prove(node: string): void {
    if (this.node !== undefined) throw badArguments("This connection is that of a node already.");
    this.node = node;
    this.#clients.connected(node);
  }

  [Symbol.dispose](): void {
    if (this.node !== undefined) this.#clients.disconnected(this.node);
  }
}

/** A call of another node. */
interface ReceivedCall {
  readonly method: string;
  readonly caller: Caller;
  // The other node is of this program, and has proved to know the secret.
  // deno-lint-ignore no-explicit-any
  readonly args: any;
}

/** The service of a node beside that of its queue. */
export function nodeService(
  { engine: whole, directory, clock, secret }: NodeServiceOptions,
): Service {
  const clients = new NodeClients(clock);
  const engine = whole.ofThisNode();

  function received(
    { body, call }: { readonly body: Uint8Array; readonly call?: string },
    context: Context<NodeConnection>,
  ): ReceivedCall {
    const { node } = context.state;
    if (node === undefined) throw new Refusal("forbidden", "This is for the nodes of the cluster.");
    const value = call === undefined ? fromBody(body) : fromWire(call, body);
    if (!Array.isArray(value) || typeof value[0] !== "string") throw badArguments("No call.");
    const [method, name, args] = value as [string, ClientName | null, unknown];
    const client = name === null ? context.client : clients.of(node, name, method === "take");
    if (method === "gone") clients.gone(node, (args as number[])[0]);
    return {
      method,
      args,
      caller: {
        client,
        get signal(): AbortSignal {
          return context.signal;
        },
        park: context.park,
      },
    };
  }

  return service(nodeProtocol)({
    state: () => new NodeConnection(clients),
    handlers: {
      *NODES() {
        const now = clock.now();
        const owners = directory.owners();
        for (const { node: { id, address, since, age }, shards, isSelf } of owners) {
          yield {
            node: id,
            address,
            shards: shards.length,
            up: Math.max(0, Math.round(now - since)),
            renewed: Math.max(0, Math.round(age)),
            self: isSelf || undefined,
          };
        }
        return { count: owners.length };
      },

      NODE({ id, proof }, { state }) {
        if (!isProof(proof, id, secret)) {
          throw new Refusal("forbidden", "This node has another secret than this cluster.");
        }
        state.prove(id);
      },

      async FORWARD(given, context) {
        const { method, args, caller } = received(given, context);
        if (!Object.hasOwn(answers, method)) throw unknown(method);
        return { body: toBody(toWire(await answers[method](engine, args, caller))) };
      },

      FETCH(given, context) {
        const { method, args, caller } = received(given, context);
        if (method === "take") {
          const [request, wait] = args;
          return engine.take({ ...request, client: caller.client }, wait, caller)
            .then((jobs) => delivered(engine, withWeights(engine, jobs), context));
        }
        if (!Object.hasOwn(streams, method)) throw unknown(method);
        return parts(streams[method](engine, args));
      },
    },
  }) as unknown as Service;
}

function unknown(method: string): Refusal {
  return badArguments(`This node knows no ${method}: it has another version.`);
}

/** Jobs with the share of their queue, for the turns at the other node. */
function withWeights(
  engine: ShardedEngine,
  jobs: readonly DeliveredJob[],
): readonly WeighedJob[] {
  return jobs.map((job) => ({ ...job, weight: engine.weightOf(job.queue) }));
}

/** Jobs as one part. Where the other node does not get it, they go back. */
function* delivered(
  engine: Engine,
  jobs: readonly WeighedJob[],
  { whenUnsent, hold }: Pick<Context, "whenUnsent" | "hold">,
): Generator<{ body: Uint8Array }, Record<string, never>, void> {
  if (jobs.length === 0) return {};
  const body = toBody(toWire(jobs));
  hold(body.length);
  whenUnsent((from, to, mayBeRead) => {
    if (from < to) engine.giveBack(jobs, mayBeRead);
  });
  let isSent = false;
  try {
    yield { body };
    isSent = true;
    return {};
  } finally {
    if (!isSent) engine.giveBack(jobs, false);
  }
}

/** Items as parts of some items each. */
async function* parts(
  items: AsyncIterable<unknown>,
): AsyncGenerator<{ body: Uint8Array }, Record<string, never>, void> {
  let some: unknown[] = [];
  let bytes = 0;
  for await (const item of items) {
    some.push(item);
    bytes += bodyBytes(item);
    if (some.length < MOST_ITEMS && bytes < 1 << 18) continue;
    yield { body: toBody(toWire(some)) };
    [some, bytes] = [[], 0];
  }
  if (some.length > 0) yield { body: toBody(toWire(some)) };
  return {};
}
