// Ctrl-C of a telnet client, and its negotiations.

import type { Control } from "../dialect.ts";
import { telnet, type TelnetCommand } from "./telnet.ts";

const CANCEL = "Ctrl-C ended the request.";
const NOTHING: Control = { kind: "control" };

/** Answers the telnet commands of one connection. */
export class TelnetNegotiation {
  /** A Ctrl-C came and has not cancelled yet: its DO TIMING-MARK may follow. */
  #interrupted = false;

  /** Whether `settle` has something to do. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** Takes a command. Returns what to do. */
  take({ command, option }: TelnetCommand): Control {
    if (command === telnet.IP) {
      const before = this.#interrupted ? this.settle() : NOTHING;
      this.#interrupted = true;
      return before;
    }
    if (command === telnet.WILL) return { kind: "control", write: bytes(telnet.DONT, option) };
    if (command !== telnet.DO) return NOTHING;
    if (option !== telnet.TIMING_MARK) {
      return { kind: "control", write: bytes(telnet.WONT, option) };
    }
    // telnet shows nothing after Ctrl-C until its DO TIMING-MARK is answered (RFC 860), so that answer goes first.
    const write = bytes(telnet.WILL, option);
    return this.#interrupted ? { ...this.settle(), write } : { kind: "control", write };
  }

  /** Lets the last Ctrl-C cancel. */
  settle(): Control {
    this.#interrupted = false;
    return { kind: "control", cancelOldest: CANCEL };
  }
}

function bytes(command: number, option: number): Uint8Array {
  return Uint8Array.of(telnet.IAC, command, option);
}
