// The replies of the server above the prompt, or the bytes of both directions.

import { type Frame, isFinal } from "../../dialects/lineup1/frame.ts";
import { duration } from "../figures.ts";
import type { Paint } from "../style.ts";
import type { Board } from "./board.ts";
import { showBytes, showFrame } from "./reply.ts";
import type { Requests, TerminalRequest } from "./requests.ts";

/** Prints replies. */
export class ReplyPrinter {
  readonly #board: Board;
  readonly #requests: Requests;
  readonly #paint: Paint;
  #isRaw: boolean;
  #isTimed = false;
  /** The tag of the request that was sent last. */
  #lastTag: string | undefined;

  /** With `raw` it prints bytes instead of replies. */
  constructor(board: Board, requests: Requests, paint: Paint, raw: boolean) {
    this.#board = board;
    this.#requests = requests;
    this.#paint = paint;
    this.#isRaw = raw;
  }

  /** Changes between replies and bytes. */
  toggleRaw(): void {
    this.#isRaw = !this.#isRaw;
    this.#board.say(this.#isRaw ? "bytes both ways" : "replies");
  }

  /** Begins or ends to show how long replies take. */
  toggleTiming(): void {
    this.#isTimed = !this.#isTimed;
    this.#board.say(this.#isTimed ? "timing is on" : "timing is off");
  }

  /** A request was sent. */
  sent(request: TerminalRequest | undefined): void {
    this.#lastTag = request?.tag;
  }

  /** Prints bytes, if it prints bytes. */
  bytes(direction: "<" | ">", bytes: Uint8Array): void {
    if (this.#isRaw) this.#board.add(showBytes(direction, bytes, this.#paint));
  }

  /** Prints a frame, unless it is an item of a cancelled request. */
  frame(frame: Frame, request: TerminalRequest | undefined): void {
    if (request?.isCancelled) {
      if (!isFinal(frame)) {
        request.hiddenItems++;
        return;
      }
      if (request.hiddenItems > 0) {
        this.#board.say(`${request.hiddenItems} more items came and are not shown`);
      }
    }
    const tag = this.#tagOf(frame, request);
    const command = request && this.#requests.protocol?.commands.get(request.verb);
    if (!this.#isRaw) this.#board.add(showFrame(frame, tag, this.#paint, command));
    if (!this.#isTimed || request === undefined || !isFinal(frame)) return;
    const time = duration(performance.now() - request.sentAt);
    this.#board.say(tag === undefined ? time : `#${tag} ${time}`);
  }

  /** The tag to print: none if the frame can only belong to the last request. */
  #tagOf(frame: Frame, request: TerminalRequest | undefined): string | undefined {
    if (request === undefined) return frame.tag;
    const isOnly = this.#requests.inFlight.every((each) => each === request);
    const isObvious = !request.isTagChosen && request.tag === this.#lastTag && isOnly;
    return isObvious || request.onFrame !== undefined ? undefined : frame.tag;
  }
}
