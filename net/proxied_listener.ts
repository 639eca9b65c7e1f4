// A listener for proxies: each connection begins with a PROXY header, and is handed on behind it.

import { Condition } from "./condition.ts";
import { type OpeningOptions, PendingHandshakes } from "./pending_handshakes.ts";
import { ProxyHeaderError, readProxyHeader } from "./proxy_protocol.ts";
import type { ByteStream, Listener } from "./stream.ts";

/** Whose connections are taken for proxies', and how long a header may take. */
export interface ProxyOptions extends OpeningOptions {
  /** Whether the other end of a connection is a proxy that is listed. */
  readonly lists: (peer: string) => boolean;
  /** Resolves once the event loop has looked after everybody else. */
  readonly turn: () => Promise<void>;
}

/**
 * Hands on what `listener` accepts once its header has come, under the name that this gives. `onUnopened` is told of
 * each connection that is closed for want of one.
 */
export function proxied(listener: Listener, options: ProxyOptions): Listener {
  const { lists, turn, onUnopened } = options;
  const ready: ByteStream[] = [];
  const changed = new Condition();
  const opening = new PendingHandshakes(options);
  let accepting: Promise<void> | undefined;
  let ended = false;

  async function begin(stream: ByteStream): Promise<void> {
    opening.begin(stream);
    try {
      if (!lists(stream.peer)) {
        throw new ProxyHeaderError("this address is for proxies that are listed");
      }
      const behind = await readProxyHeader(stream);
      if (opening.end(stream)) ready.push(behind);
    } catch (error) {
      stream.close();
      if (opening.end(stream)) onUnopened?.(stream.peer, (error as Error).message);
    } finally {
      changed.broadcast();
    }
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
      opening.close();
      for (const stream of ready.splice(0)) stream.close();
      changed.broadcast();
    },
  };
}
