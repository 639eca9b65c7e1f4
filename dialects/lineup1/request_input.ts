// Telnet commands, TLS and HTTP in the input of a server.

import { isHttp, SPEAKS_NO_HTTP, SPEAKS_NO_TLS, TLS_HANDSHAKE } from "./foreign_protocol.ts";
import type { ServerInput } from "./line_framer.ts";
import { telnet, type TelnetCommand, TelnetReader } from "./telnet.ts";

/** Recognizes telnet commands, TLS and HTTP among the requests of one connection. */
export class RequestInput implements ServerInput {
  readonly #telnet = new TelnetReader();

  get inCommand(): boolean {
    return this.#telnet.busy;
  }

  beginCommand(byte: number): boolean {
    if (byte !== telnet.IAC) return false;
    this.#telnet.begin();
    return true;
  }

  command(byte: number): TelnetCommand | "bad" | undefined {
    return this.#telnet.read(byte);
  }

  foreignByte(byte: number): string | undefined {
    return byte === TLS_HANDSHAKE ? SPEAKS_NO_TLS : undefined;
  }

  foreignLine(bytes: Uint8Array, start: number, end: number, isFirst: boolean): string | undefined {
    return isHttp(bytes, start, end, isFirst) ? SPEAKS_NO_HTTP : undefined;
  }
}
