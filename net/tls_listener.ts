// TLS of Deno. It cannot ask clients for certificates, and a listener keeps its certificate for ever: for a renewed one,
// another listener takes over the port.

import { formatAddress, type HostAddress } from "./address.ts";
import { Condition } from "./condition.ts";
import { TlsStream } from "./deno.ts";
import { quietMoment } from "./last_connections.ts";
import type { ListenOptions } from "./listen_options.ts";
import { type LoopYield, openLoopYield } from "./loop_yield.ts";
import type { TlsIdentity } from "./tls_identity.ts";
import { OPENING_MS } from "./pending_handshakes.ts";
import type { ByteStream, Listener } from "./stream.ts";

// Deno keeps the socket of a closed connection until its handshake has ended or its client is gone. This bound leaves
// descriptors for other listeners and for files.
const MOST_HANDSHAKES = 1024;

/** A listener of Deno, of which one connection at a time is asked. */
interface Source {
  readonly listener: Deno.TlsListener;
  /** The `accept` that is under way. */
  asked: Promise<void> | undefined;
  accepted: number;
  isReplaced: boolean;
}

/**
 * Listens with Deno's TLS. With `renewable`, on Linux, the port can get a listener with another certificate. Nagle's
 * algorithm stays on: Deno cannot turn it off here.
 */
export function listenDenoTls(
  { hostname, port }: HostAddress,
  identity: TlsIdentity,
  options: ListenOptions,
): Listener {
  const { alpn, openingTime = OPENING_MS, onUnopened, after } = options;
  const { renewable = false, sharePort = false } = options;
  const alpnProtocols = alpn === undefined ? undefined : [alpn];
  const bind = ({ cert, key }: TlsIdentity, at: number): Source => {
    const place = { hostname, port: at, reusePort: renewable || sharePort };
    const listener = Deno.listenTls({ ...place, cert, key, alpnProtocols });
    return { listener, asked: undefined, accepted: 0, isReplaced: false };
  };
  // Another listener that shares its port would else share it with this one.
  if (renewable && !sharePort && port !== 0) Deno.listen({ hostname, port }).close();
  let source = bind(identity, port);
  const address = formatAddress({
    transport: "tls",
    hostname,
    port: source.listener.addr.port,
  });
  /** The connections that came, and errors in their place. */
  const ready: (Deno.TlsConn | { readonly error: unknown })[] = [];
  const changed = new Condition();
  let handshakes = 0;
  let isClosed = false;

  function open(conn: Deno.TlsConn): ByteStream | undefined {
    const onLate = (): void => onUnopened?.(stream.peer, "its TLS handshake took too long");
    let stream: TlsStream;
    try {
      stream = new TlsStream(conn, openingTime, onLate, after);
    } catch {
      // The client was gone before the options of its socket were set.
      conn.close();
      return undefined;
    }
    handshakes++;
    stream.settled.then(() => {
      handshakes--;
      changed.broadcast();
    });
    return stream;
  }

  function ask(from: Source): void {
    from.asked ??= from.listener.accept().then((conn) => {
      from.accepted++;
      if (isClosed) conn.close();
      else ready.push(conn);
    }, (error) => {
      if (isClosed || from.isReplaced) return;
      // The client was gone before it was accepted.
      if (error instanceof Deno.errors.ConnectionAborted) return;
      if (error instanceof Deno.errors.ConnectionReset) return;
      ready.push({ error });
    }).finally(() => {
      from.asked = undefined;
      changed.broadcast();
    });
  }

  /**
   * Takes the connections that the system has given to a listener already, and closes it. The system resets one that
   * comes between the last look and the close.
   */
  async function retire(old: Source, turns: LoopYield): Promise<void> {
    const turn = (): Promise<void> => new Promise((resolve) => turns.next(resolve));
    await quietMoment(() => old.accepted, () => {
      ask(old);
      return turn();
    });
    old.isReplaced = true;
    old.listener.close();
    // Deno lets go of the socket once the `accept` has ended.
    await old.asked;
    await turn();
  }

  return {
    address,
    async accept(): Promise<ByteStream | undefined> {
      while (!isClosed) {
        const next = ready.shift();
        if (next === undefined) {
          if (handshakes < MOST_HANDSHAKES) ask(source);
          await changed.changed();
        } else if ("error" in next) throw next.error;
        else {
          const stream = open(next);
          if (stream !== undefined) return stream;
        }
      }
    },
    renew: renewable
      ? async (renewed) => {
        // Where it fails, for want of descriptors, nothing has changed.
        const turns = await openLoopYield();
        try {
          if (isClosed) return;
          const old = source;
          source = bind(renewed, old.listener.addr.port);
          changed.broadcast();
          await retire(old, turns);
        } finally {
          turns.close();
        }
      }
      : undefined,
    close(): void {
      if (isClosed) return;
      isClosed = true;
      source.listener.close();
      for (const each of ready.splice(0)) if (!("error" in each)) each.close();
      changed.broadcast();
    },
  };
}
