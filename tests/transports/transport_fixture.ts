// The server of the suite.

import type { ByteStream, Listener } from "../../net/mod.ts";
import { CLASSES } from "../../scheduling/mod.ts";
import { type Handlers, Refusal, serve, type Server } from "../../server/mod.ts";
import { protocol } from "./protocol.ts";

/** The events of a HOLD, of a CUT or of a FLOW. */
interface Held {
  readonly gate: PromiseWithResolvers<void>;
  readonly begin: PromiseWithResolvers<void>;
  readonly end: PromiseWithResolvers<void>;
  hasBegun: boolean;
}

/** Serves the protocol of the suite at these listeners. */
export function serveSuite(...listeners: readonly Listener[]): Promise<Server> {
  const streams = new Map<string, ByteStream>();
  const held = new Map<string, Held>();
  const flows = new Map<string, { count: number }>();
  const times = new Map<string, number>();
  const shuffles = new Map<string, (() => void)[]>();
  const holdOf = (name: string): Held => {
    const [gate, begin, end] = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
    const known = held.get(name) ?? { gate, begin, end, hasBegun: false };
    held.set(name, known);
    return known;
  };
  const handlers: Handlers<typeof protocol> = {
    SUM: ({ a, b }) => ({ sum: a + b }),
    SAY: ({ text }) => ({ text }),
    ECHO: ({ body }) => ({ body }),
    FAIL() {
      throw new Refusal("no-luck", 'Not "today".', { retry: 15, details: { day: "two words" } });
    },
    async SHUFFLE({ name, of, n }) {
      const waiting = shuffles.get(name) ?? [];
      shuffles.set(name, waiting);
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        // The number of requests is no multiple of 7, so this answers each once.
        if (waiting.length === of) { for (let i = 0; i < of; i++) waiting[(i * 7) % of](); }
      });
      return { n };
    },
    *COUNT({ to }) {
      for (let n = 1; n <= to; n++) yield { n };
      return { count: to };
    },
    async *FLOW({ name, size }) {
      const flow = { count: 0 };
      flows.set(name, flow);
      const text = "x".repeat(size);
      try {
        for (;;) {
          flow.count++;
          yield { text };
          await null;
        }
      } finally {
        holdOf(name).end.resolve();
      }
    },
    PRODUCED: ({ name }) => flows.get(name) ?? { count: 0 },
    ENDED: ({ name }, { park }) => park(holdOf(name).end.promise),
    async HOLD({ name }, { signal, park }) {
      const hold = holdOf(name);
      hold.hasBegun = true;
      hold.begin.resolve();
      signal.addEventListener("abort", () => hold.end.resolve());
      await park(hold.gate.promise);
      return { name };
    },
    RELEASE: ({ name }) => holdOf(name).gate.resolve(),
    BEGUN: ({ name }, { park }) => park(holdOf(name).begin.promise),
    async ABORTED({ name }, { park }) {
      const { hasBegun, end } = holdOf(name);
      if (hasBegun) await park(end.promise);
      return { begun: hasBegun };
    },
    async FLAKY({ name }, { client, park }) {
      const now = (times.get(name) ?? 0) + 1;
      times.set(name, now);
      if (now > 1) return { times: now };
      streams.get(client.peer)!.close();
      return await park(new Promise<never>(() => {}));
    },
    async ONCE({ name }, { client, park }) {
      times.set(name, (times.get(name) ?? 0) + 1);
      streams.get(client.peer)!.close();
      return await park(new Promise<never>(() => {}));
    },
    TIMES: ({ name }) => ({ times: times.get(name) ?? 0 }),
    async *CUT({ name }, { client, park }) {
      yield { n: 1 };
      await park(holdOf(name).gate.promise);
      streams.get(client.peer)!.close();
      await park(new Promise(() => {}));
    },
  };
  return serve(protocol, handlers, {
    listen: listeners.map((each) => known(each, streams)),
    // CUT loses connections, and the server would log that.
    log: () => {},
    // On a busy machine, thousands of calls at once wait longer than the default targets allow.
    classes: CLASSES.map((each) => ({ ...each, target: Infinity, patience: 60_000 })),
  });
}

/** A listener that keeps its streams by their peers, and makes the peers unique. */
function known(listener: Listener, streams: Map<string, ByteStream>): Listener {
  return {
    address: listener.address,
    async accept() {
      const stream = await listener.accept();
      if (stream === undefined) return undefined;
      const peer = stream.peer.includes(":") ? stream.peer : `${stream.peer}-${streams.size}`;
      streams.set(peer, stream);
      return {
        peer,
        read: (buffer) => stream.read(buffer),
        write: (bytes) => stream.write(bytes),
        closeWrite: () => stream.closeWrite(),
        close: () => stream.close(),
      };
    },
    close: () => listener.close(),
  };
}
