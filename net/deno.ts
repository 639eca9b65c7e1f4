// The sockets of Deno: TCP, TLS, Unix and WebSocket.

import { setImmediate } from "node:timers";
import { type Address, formatHost, type HostAddress, type WebSocketAddress } from "./address.ts";
import type { DialOptions } from "./dial_options.ts";
import { resetTimeTo } from "./reset_time.ts";
import type { ByteStream } from "./stream.ts";
import { StreamError } from "./stream_error.ts";
import { after, type SetTimer } from "./timer.ts";
import { connectWebSocket } from "./web_socket.ts";

/** A TCP, TLS or Unix socket. */
export class SocketStream implements ByteStream {
  readonly peer: string;
  readonly resetTime: number;
  readonly tellsUnread: boolean = true;
  readonly #conn: Deno.Conn;
  #closed = false;

  /** `peer` is the name of the other end of a Unix socket, which has no address. */
  constructor(
    conn: Deno.TcpConn | Deno.UnixConn | Deno.TlsConn,
    peer: string = "unix",
    leastResetTime: number = 0,
  ) {
    this.#conn = conn;
    const remote = conn.remoteAddr;
    this.peer = remote.transport === "tcp" ? formatHost(remote) : peer;
    this.resetTime = remote.transport === "tcp"
      ? Math.max(resetTimeTo(remote.hostname), leastResetTime)
      : 0;
    if ("setNoDelay" in conn) conn.setNoDelay(true);
    // Deno cannot set the interval: it is the system's, often two hours. A heartbeat of the protocol notices sooner.
    if ("setKeepAlive" in conn) conn.setKeepAlive(true);
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#conn.read(buffer);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#conn.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
  }
}

// With Nagle's algorithm on, the next write may wait for an acknowledgement, which systems delay by up to 40 ms.
const DELAYED_MS = 100;

/** A TLS connection. Reads and writes wait for its handshake. */
export class TlsStream extends SocketStream {
  /** Resolves after the handshake. Rejects with `StreamError` where it fails. */
  readonly ready: Promise<void>;
  /** Resolves once the handshake has succeeded or failed. Deno keeps the socket until then, closed or not. */
  readonly settled: Promise<void>;
  // Deno reports every end of the connection below TLS in the same way.
  override readonly tellsUnread: boolean = false;
  #open = false;
  #burst = 0;

  /**
   * Gives a handshake up after `timeout` ms and calls `onLate`; `Infinity` waits for ever. `timer` measures the time.
   */
  constructor(conn: Deno.TlsConn, timeout: number, onLate?: () => void, timer: SetTimer = after) {
    super(conn, undefined, DELAYED_MS);
    const handshake = conn.handshake();
    this.settled = handshake.then(() => {}, () => {});
    this.ready = this.#handshake(handshake, timeout, timer, onLate);
    this.ready.catch(() => {});
  }

  async #handshake(
    handshake: Promise<unknown>,
    timeout: number,
    timer: SetTimer,
    onLate?: () => void,
  ): Promise<void> {
    let stop = (): void => {};
    const late = new Promise<never>((_, reject) => {
      stop = timer(timeout, () => {
        onLate?.();
        reject(new StreamError("InvalidData", `no TLS handshake within ${timeout} ms`));
      });
    });
    try {
      await Promise.race([handshake, late]);
      this.#open = true;
    } catch (cause) {
      this.close();
      if (cause instanceof StreamError) throw cause;
      const message = `the TLS handshake failed: ${(cause as Error).message}`;
      throw new StreamError("InvalidData", message, { cause });
    } finally {
      stop();
    }
  }

  override async read(buffer: Uint8Array): Promise<number | null> {
    if (!this.#open) await this.ready;
    try {
      return await super.read(buffer);
    } catch (error) {
      // Many clients close without TLS's own close_notify. A protocol whose units say where they end still sees a cut.
      if (error instanceof Deno.errors.UnexpectedEof) return null;
      throw error;
    }
  }

  override async write(bytes: Uint8Array): Promise<number> {
    if (!this.#open) await this.ready;
    const count = await super.write(bytes);
    this.#burst += count;
    if (this.#burst >= BURST) {
      this.#burst = 0;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return count;
  }

  override async closeWrite(): Promise<void> {
    if (!this.#open) await this.ready;
    await super.closeWrite();
  }
}

// While writes follow each other without a pause, Deno reads nothing from a TLS connection, and a request to cancel the
// writes would not be seen. Pause for one turn of the event loop after this many bytes.
const BURST = 65_536;
// The last resort. The caller's signal usually ends the attempt sooner.
const HANDSHAKE_MS = 60_000;

/**
 * Connects to an address. Throws Deno's errors, such as `ConnectionRefused`, `StreamError` for a failed TLS handshake
 * or a WebSocket that cannot be opened, or the signal's reason.
 */
export async function connectStream(
  address: Address,
  options: DialOptions = {},
): Promise<ByteStream> {
  const { signal } = options;
  signal?.throwIfAborted();
  switch (address.transport) {
    case "unix":
      return new SocketStream(await Deno.connect({ transport: "unix", path: address.path }));
    case "tcp":
      return new SocketStream(await connectTcp(address, signal));
    case "tls":
      return await connectTls(address, options);
    case "ws":
      return await connectWebSocket(address, options);
    case "wss":
      return options.tls === undefined
        ? await connectWebSocket(address, options)
        : await connectWss(address, options);
  }
}

function connectTcp(
  { hostname, port }: HostAddress,
  signal: AbortSignal | undefined,
): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname, port, signal });
}

// Deno's own TLS takes no client certificate on a socket that is there, and refuses a server whose certificate may sign
// others, as those of `openssl req -x509` may. Otherwise it is the faster one.
async function connectTls(address: HostAddress, options: DialOptions): Promise<ByteStream> {
  const { tls } = options;
  if (tls?.cert !== undefined) return await connectNodeTls(address, options);
  try {
    return await connectDenoTls(address, options);
  } catch (error) {
    if (tls?.caCerts === undefined || !/CaUsedAsEndEntity/.test(String(error))) throw error;
    return await connectNodeTls(address, options);
  }
}

async function connectDenoTls(
  address: HostAddress,
  { signal, tls = {}, alpn }: DialOptions,
): Promise<ByteStream> {
  const tcp = await connectTcp(address, signal);
  tcp.setNoDelay(true);
  tcp.setKeepAlive(true);
  const { serverName: hostname = address.hostname, caCerts } = tls;
  const conn = await Deno.startTls(tcp, {
    hostname,
    caCerts: caCerts && [...caCerts],
    alpnProtocols: alpn === undefined ? undefined : [alpn],
  });
  const stream = new TlsStream(conn, HANDSHAKE_MS);
  return await closedOnAbort(stream, stream.ready.then(() => stream), signal);
}

async function connectNodeTls(
  address: HostAddress,
  { signal, tls = {}, alpn }: DialOptions,
): Promise<ByteStream> {
  const stream = new SocketStream(await connectTcp(address, signal));
  // Most clients do without node:tls, which takes time to load.
  const { openNodeTls } = await import("./node_tls_client.ts");
  return await closedOnAbort(stream, openNodeTls(stream, address.hostname, tls, alpn), signal);
}

/** The result of a handshake, unless the signal is aborted first: then the stream is closed. */
async function closedOnAbort(
  stream: ByteStream,
  opened: Promise<ByteStream>,
  signal: AbortSignal | undefined,
): Promise<ByteStream> {
  const onAbort = (): void => stream.close();
  signal?.addEventListener("abort", onAbort);
  try {
    return await opened;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

async function connectWss(address: WebSocketAddress, options: DialOptions): Promise<ByteStream> {
  const { caCerts, cert, key } = options.tls!;
  const own = cert === undefined || key === undefined ? {} : { cert, key };
  const client = Deno.createHttpClient({ caCerts: caCerts && [...caCerts], ...own });
  try {
    return await connectWebSocket(address, options, (url) => new WebSocket(url, { client }));
  } finally {
    client.close();
  }
}
