// Ports whose connections wait for a server that cannot serve yet, such as one that waits for the file of another one.

import type { Dialect } from "../dialects/dialect.ts";
import { listen } from "../net/listen.ts";
import { openLoopYield } from "../net/loop_yield.ts";
import type { Listener } from "../net/stream.ts";
import { quietMoment } from "../net/last_connections.ts";
import type { Server } from "./serve.ts";
import type { ServeOptions } from "./serve_options.ts";
import { readTlsFiles } from "./tls_files.ts";
import { readOrigin, type ServedAddress, servedAddresses } from "./served_address.ts";

/** Ports that are held. Disposing of them resets the connections that wait. */
export interface HeldPorts extends AsyncDisposable {
  /** Hands the connections that have waited to a server at the same ports, and holds the ports no longer. */
  release(server: Pick<Server, "listen">): Promise<void>;
}

/**
 * Listens at the shared ports of a server that is about to start, and accepts nothing: clients connect, and wait for their
 * greeting. Port 0, Unix sockets and the ports of proxies are not held. Throws as `serve` does.
 */
export async function holdPorts(options: ServeOptions, dialect: Dialect): Promise<HeldPorts> {
  const { ws } = options;
  const tls = options.tls !== undefined && "certFile" in options.tls
    ? readTlsFiles(options.tls, Date.now()).identity
    : options.tls;
  const origins = (ws?.origins ?? []).map(readOrigin);
  const { alpn, about } = dialect;
  const listeners: Listener[] = [];
  const close = (): void => listeners.splice(0).forEach((each) => each.close());
  try {
    for (const { place } of servedAddresses(options).filter(isHeld)) {
      if (!("transport" in place)) continue;
      const maxMessage = ws?.maxMessage;
      listeners.push(
        await listen(place, { sharePort: true, tls, origins, maxMessage, alpn, about }),
      );
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    async release(server): Promise<void> {
      const turns = await openLoopYield();
      let accepted = 0;
      for (const listener of listeners) {
        server.listen({
          ...listener,
          async accept() {
            const stream = await listener.accept();
            accepted++;
            return stream;
          },
        });
      }
      await quietMoment(() => accepted, () => new Promise((resolve) => turns.next(resolve)));
      close();
      turns.close();
    },
    [Symbol.asyncDispose](): Promise<void> {
      close();
      return Promise.resolve();
    },
  };
}

function isHeld({ place, lists, reserved }: ServedAddress): boolean {
  if (!("transport" in place) || lists !== undefined || reserved) return false;
  return place.transport !== "unix" && place.port !== 0;
}
