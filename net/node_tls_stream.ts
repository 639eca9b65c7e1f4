// TLS of node:tls on byte streams that are there already, as a server and as a client.

import { setImmediate } from "node:timers";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { NodeStream } from "./node_stream.ts";
import type { ByteStream } from "./stream.ts";
import type { StreamDuplex } from "./stream_duplex.ts";

/** An open TLS connection over a stream. */
export class NodeTlsStream extends NodeStream {
  readonly resetTime: number | undefined;
  readonly #stream: ByteStream;
  readonly #duplex: StreamDuplex;

  /** `duplex` is that of the stream below, and of the socket. */
  constructor(socket: TLSSocket, stream: ByteStream, duplex: StreamDuplex) {
    super(socket as Socket, stream.peer, duplex.source);
    this.resetTime = stream.resetTime;
    this.#stream = stream;
    this.#duplex = duplex;
  }

  override async closeWrite(): Promise<void> {
    await super.closeWrite();
    // node:tls writes the end of TLS a little later.
    await new Promise<void>((resolve) => setImmediate(resolve));
    await this.#duplex.written();
    await this.#stream.closeWrite();
  }

  override close(): void {
    super.close();
    this.#stream.close();
  }
}
