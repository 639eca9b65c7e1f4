// A way to a database that a test can stop.

/** A way from a port to a server, with the bytes of all connections in its hand. */
export interface StoppableProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on nothing of the connections that are open passes in this direction, until `letGo`. */
  hold(direction: "requests" | "answers"): void;
  /** Whether bytes are held. */
  readonly isHolding: boolean;
  /** Ends the open connections towards the client only: what is held still goes to the server. */
  cutClients(): void;
  /** Passes on what was held. */
  letGo(): void;
  /** From now on no connection passes anything, and new ones neither, until `letGo`. */
  stall(): void;
}

/** One connection. */
interface Pair {
  readonly client: Deno.Conn;
  readonly server: Deno.Conn;
  readonly held: Set<"requests" | "answers">;
}

/** Starts a proxy to a port of this machine. */
export function startProxy(to: number): StoppableProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const pairs = new Set<Pair>();
  const running: Promise<void>[] = [];
  let gate: PromiseWithResolvers<void> | undefined;
  let isStalled = false;
  let isHolding = false;

  const pass = async (pair: Pair, direction: "requests" | "answers"): Promise<void> => {
    const [from, into] = direction === "requests"
      ? [pair.client, pair.server]
      : [pair.server, pair.client];
    const buffer = new Uint8Array(65_536);
    try {
      for (let read; (read = await from.read(buffer)) !== null;) {
        while (gate !== undefined && (isStalled || pair.held.has(direction))) {
          isHolding = true;
          await gate.promise;
        }
        await writeAll(into, buffer.subarray(0, read));
      }
    } catch {
      // An end of it is gone.
    }
    // A client that was cut off still has its words at the server.
    if (direction === "requests") { while (gate !== undefined) await gate.promise; }
    close(into);
  };
  const accepting = (async () => {
    for await (const client of listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: to });
      const pair: Pair = { client, server, held: new Set() };
      pairs.add(pair);
      const done = Promise.all([pass(pair, "requests"), pass(pair, "answers")]);
      running.push(done.then(() => void pairs.delete(pair)));
    }
  })();
  const letGo = (): void => {
    for (const { held } of pairs) held.clear();
    isStalled = isHolding = false;
    gate?.resolve();
    gate = undefined;
  };
  return {
    port: listener.addr.port,
    hold(direction): void {
      gate ??= Promise.withResolvers();
      for (const { held } of pairs) held.add(direction);
    },
    get isHolding(): boolean {
      return isHolding;
    },
    cutClients(): void {
      for (const { client } of pairs) close(client);
    },
    letGo,
    stall(): void {
      gate ??= Promise.withResolvers();
      isStalled = true;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      listener.close();
      letGo();
      for (const { client, server } of pairs) {
        close(client);
        close(server);
      }
      await accepting;
      await Promise.all(running);
    },
  };
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed.
  }
}
