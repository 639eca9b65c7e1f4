// A queue with identities, for clients of Lineup/1 in memory and over WebSocket, and for clients of beanstalkd.

import {
  beanstalkd,
  beanstalkdProtocol,
  type OpenQueue,
  openQueue,
  type QueueOptions,
  queueProtocol,
} from "@lineup/lineup/queue";
import {
  hashOfToken,
  type Identities,
  type IdentitiesFile,
  identitiesFile,
  listenMemory,
  newToken,
  serve,
  type Server,
} from "@lineup/lineup/server";
import { RawClient } from "../../raw_client.ts";

/** Opens a queue for a test. */
let open: (options: QueueOptions) => Promise<OpenQueue> = openQueue;

/** From now on queues are opened so. */
export function useQueues(other: typeof open): void {
  open = other;
}

/** An identity of a test, without its token. */
export interface TestIdentity {
  readonly name: string;
  readonly [member: string]: unknown;
}

/** A queue with identities. */
export class RightsQueue implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #tokens: ReadonlyMap<string, string>;
  readonly #memory = listenMemory();
  readonly #identities: Identities;
  readonly #queue: Awaited<ReturnType<typeof openQueue>>;
  #webSocket = "";
  readonly log: string[] = [];

  private constructor(
    stack: AsyncDisposableStack,
    tokens: ReadonlyMap<string, string>,
    identities: Identities,
    queue: Awaited<ReturnType<typeof openQueue>>,
  ) {
    this.#stack = stack;
    this.#tokens = tokens;
    this.#identities = identities;
    this.#queue = queue;
  }

  static async open(identities: readonly TestIdentity[]): Promise<RightsQueue> {
    const stack = new AsyncDisposableStack();
    const tokens = new Map(identities.map(({ name }) => [name, newToken(name)]));
    const path = Deno.makeTempFileSync();
    const lines = identities.map((each) =>
      JSON.stringify({ tokens: [hashOfToken(tokens.get(each.name)!)], ...each })
    );
    Deno.writeTextFileSync(path, lines.join("\n"));
    const file: IdentitiesFile = stack.use(identitiesFile(path, { log: () => {} }));
    stack.defer(() => Deno.removeSync(path));
    const queue = stack.use(await open({ log: () => {} }));
    const opened = new RightsQueue(stack, tokens, file, queue);
    const server = await opened.#serve(queueProtocol, queue.handlers, {
      listen: [opened.#memory, "ws://127.0.0.1:0/"],
      stats: queue.stats,
    });
    opened.#webSocket = server.addresses[1];
    return opened;
  }

  async #serve(...args: Parameters<typeof serve>): Promise<Server> {
    const [protocol, handlers, options] = args as unknown as [never, never, object];
    return this.#stack.use(
      await serve(protocol, handlers, {
        identities: this.#identities,
        log: (entry) => void this.log.push(JSON.stringify(entry)),
        ...options,
      }),
    );
  }

  /** A connection of an identity, which has read its greeting. */
  async session(name: string, over: "memory" | "ws" = "memory"): Promise<RawClient> {
    const stream = over === "memory" ? this.#memory.connect() : this.#webSocket;
    const client = await RawClient.open(stream);
    this.#stack.defer(() => client.close());
    const reply = await client.ask(`AUTH ${this.#tokens.get(name)}`);
    if (reply !== `OK identity=${name}`) throw new Error(reply);
    return client;
  }

  /** A connection of beanstalkd, which has this identity without a proof. */
  async beanstalkd(name: string | undefined): Promise<RawClient> {
    const listener = listenMemory();
    await this.#serve(
      beanstalkdProtocol as never,
      this.#queue.beanstalkd({ keys: ["mail.*"] }) as never,
      { listen: [listener], dialect: beanstalkd, anonymous: name } as never,
    );
    const client = new RawClient(listener.connect());
    this.#stack.defer(() => client.close());
    return client;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
