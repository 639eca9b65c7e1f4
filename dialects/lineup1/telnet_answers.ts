// What a telnet client says beside its lines: Ctrl-C, and what it would like to negotiate.

import type { Output } from "../../net/output.ts";
import { telnet, type TelnetCommand } from "./telnet.ts";

/** Answers the telnet commands of one connection. */
export class TelnetAnswers {
  readonly #output: Output;
  readonly #onInterrupt: () => void;
  /** A Ctrl-C came, and its DO TIMING-MARK may follow. */
  #interrupted = false;

  /** `onInterrupt` is told of each Ctrl-C. */
  constructor(output: Output, onInterrupt: () => void) {
    this.#output = output;
    this.#onInterrupt = onInterrupt;
  }

  /** A command came. Returns whether it was answered. */
  take({ command, option }: TelnetCommand): boolean {
    if (command === telnet.IP) {
      this.settle();
      this.#interrupted = true;
      return false;
    }
    // telnet shows nothing after Ctrl-C until its DO TIMING-MARK is answered (RFC 860), so that answer goes first.
    if (command === telnet.DO) {
      const answer = option === telnet.TIMING_MARK ? telnet.WILL : telnet.WONT;
      this.#answer(answer, option);
      if (option === telnet.TIMING_MARK) this.settle();
    } else if (command === telnet.WILL) this.#answer(telnet.DONT, option);
    return true;
  }

  /** Nothing more belongs to a Ctrl-C that came. */
  settle(): void {
    if (!this.#interrupted) return;
    this.#interrupted = false;
    this.#onInterrupt();
  }

  #answer(command: number, option: number): void {
    this.#output.add("", Uint8Array.of(telnet.IAC, command, option));
  }
}
