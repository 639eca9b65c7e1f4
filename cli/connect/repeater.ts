// `/repeat`: sends a request again and again, until the person or an error ends it.

import type { Clock } from "../../client/mod.ts";
import { age } from "../figures.ts";
import type { Board } from "./board.ts";
import type { Requests, TerminalRequest } from "./requests.ts";

/** The parts that a repeated request goes through. */
export interface RepeaterOptions {
  readonly requests: Requests;
  readonly board: Board;
  readonly clock: Clock;
  readonly onSent: (request: TerminalRequest) => void;
}

/** Repeats one request. The pause begins with each answer. */
export class Repeater {
  readonly #options: RepeaterOptions;
  #repeated: { readonly text: string; readonly pause: number } | undefined;
  #awaited: TerminalRequest | undefined;
  #stopTimer: () => void = () => {};

  /** Repeats nothing yet. */
  constructor(options: RepeaterOptions) {
    this.#options = options;
  }

  /** Whether a request is repeated. */
  get repeats(): boolean {
    return this.#repeated !== undefined;
  }

  /** Begins, in the place of an earlier request; `pause` is in ms. Returns what is wrong with the request. */
  start(text: string, pause: number): string | undefined {
    this.#forget();
    this.#repeated = { text, pause };
    const wrong = this.#send();
    if (wrong !== undefined) this.#forget();
    else this.#options.board.say(`again ${age(pause)} after each answer; Ctrl-C ends it`);
    return wrong;
  }

  #send(): string | undefined {
    const { requests, onSent } = this.#options;
    if (requests.bodyPrompt !== undefined) return "A body is being typed.";
    const taken = requests.take(this.#repeated!.text);
    if (requests.bodyPrompt !== undefined) {
      requests.dropBody();
      return "A request with <<END or {N} cannot be repeated; @FILE can.";
    }
    if (taken === undefined) return "A request is missing.";
    if ("wrong" in taken) return taken.wrong.message;
    this.#awaited = taken.send();
    if (this.#awaited === undefined) return "A request without an answer cannot be repeated.";
    onSent(this.#awaited);
    return undefined;
  }

  /** A request was answered. An ERR ends the repetition. */
  answered(request: TerminalRequest, isError: boolean): void {
    if (request !== this.#awaited) return;
    this.#awaited = undefined;
    if (isError) return this.stop("the reply is ERR");
    this.#stopTimer = this.#options.clock.after(this.#repeated!.pause, () => this.#again());
  }

  #again(): void {
    const time = new Date(this.#options.clock.now()).toTimeString().slice(0, 8);
    this.#options.board.say(`${time} ${this.#repeated!.text}`);
    const wrong = this.#send();
    if (wrong !== undefined) this.stop(wrong);
  }

  /** Ends it, and says why. A request in flight is answered as any other. */
  stop(why: string): void {
    if (!this.repeats) return;
    this.#forget();
    this.#options.board.say(`not repeated any more: ${why}`);
  }

  #forget(): void {
    this.#stopTimer();
    this.#stopTimer = () => {};
    this.#repeated = undefined;
    this.#awaited = undefined;
  }
}
