// A listener for proxies. Each connection begins with a PROXY header; `accept` returns the stream behind it.

import { Condition } from "./condition.ts";
import { type OpeningOptions, PendingHandshakes } from "./pending_handshakes.ts";
import { ProxyHeaderError, readProxyHeader } from "./proxy_protocol.ts";
import type { ByteStream, Listener } from "./stream.ts";

/** The proxies that may connect, and the time for their headers. */
export interface ProxyOptions extends OpeningOptions {
  /** Whether a peer is a listed proxy. */
  readonly lists: (peer: string) => boolean;
  /** Resolves once the event loop has served everything else. */
  readonly turn: () => Promise<void>;
}

/**
 * Accepts the connections of `listener` once their headers have come, under the peers that the headers name. Calls
 * `onUnopened` for each connection that is closed because it has no valid header.
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
        // While many clients connect, `accept` is ready at once each time, and nothing else would have a turn.
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
          // The race below may end before `acceptOne` fails. The next `accept` tries again.
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
