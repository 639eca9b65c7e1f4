// A listener for proxies: each connection begins with a PROXY header, and is handed on behind it.

import { Condition } from "./condition.ts";
import { ProxyHeaderError, readProxyHeader } from "./proxy_protocol.ts";
import type { ByteStream, Listener } from "./stream.ts";

/** Whose connections are taken for proxies', and how long a header may take. */
export interface ProxyOptions {
  /** Whether the other end of a connection is a proxy that is listed. */
  readonly lists: (peer: string) => boolean;
  /** How long a header may take, in ms. */
  readonly time: number;
  /** How many connections may be without their header; where one more comes the oldest is closed. */
  readonly most: number;
  /** Calls `action` in so many ms, unless it is stopped. */
  readonly after: (ms: number, action: () => void) => () => void;
  /** Resolves once the event loop has looked after everybody else. */
  readonly turn: () => Promise<void>;
  /** Is told of each connection that is closed for want of a header, and why. */
  readonly onRefused: (peer: string, why: string) => void;
}

/** A connection whose header is awaited. */
interface Awaited {
  readonly stream: ByteStream;
  /** Closes it. */
  refuse(why: string): void;
}

/** Hands on what `listener` accepts once its header has come, under the name that this gives. */
export function proxied(listener: Listener, options: ProxyOptions): Listener {
  const { lists, time, most, after, turn, onRefused } = options;
  const ready: ByteStream[] = [];
  const changed = new Condition();
  const awaited = new Set<Awaited>();
  let accepting: Promise<void> | undefined;
  let ended = false;

  async function begin(stream: ByteStream): Promise<void> {
    const { peer } = stream;
    let why: string | undefined;
    const each: Awaited = {
      stream,
      refuse(reason) {
        why = reason;
        stream.close();
      },
    };
    for (const oldest of awaited) {
      if (awaited.size < most) break;
      awaited.delete(oldest);
      oldest.refuse("others came, and its PROXY header did not");
    }
    awaited.add(each);
    const stop = time === Infinity
      ? () => {}
      : after(time, () => each.refuse(`no PROXY header within ${time} ms`));
    try {
      if (!lists(peer)) throw new ProxyHeaderError("this address is for proxies that are listed");
      const behind = await readProxyHeader(stream);
      if (why !== undefined || ended) behind.close();
      else ready.push(behind);
    } catch (error) {
      why ??= (error as Error).message;
      stream.close();
    } finally {
      stop();
      awaited.delete(each);
      changed.broadcast();
    }
    if (why !== undefined && !ended) onRefused(peer, why);
  }

  async function acceptOne(): Promise<void> {
    try {
      const stream = await listener.accept();
      if (stream === undefined) ended = true;
      else if (ended) stream.close();
      else {
        begin(stream);
        // Where many connect at once, `accept` is ready at once each time, and nobody else would have a turn.
        await turn();
      }
    } finally {
      accepting = undefined;
    }
  }

  return {
    address: listener.address,
    async accept() {
      for (;;) {
        const stream = ready.shift();
        if (stream !== undefined || ended) return stream;
        if (accepting === undefined) {
          accepting = acceptOne();
          // What fails while nobody waits for it is tried again.
          accepting.catch(() => {});
        }
        await Promise.race([accepting, changed.changed()]);
      }
    },
    close() {
      ended = true;
      listener.close();
      for (const { stream } of awaited) stream.close();
      for (const stream of ready.splice(0)) stream.close();
      changed.broadcast();
    },
  };
}
