// `lineup connect` at a terminal: keys become lines, and Ctrl-C and Ctrl-D leave.

import { type Clock, ConnectionLost, type Dial } from "../../client/mod.ts";
import { type Frame, isFinal } from "../../dialects/lineup1/frame.ts";
import { systemClock } from "../../net/clock.ts";
import { connectStream } from "../../net/mod.ts";
import { type Key, KeyDecoder } from "../keys.ts";
import type { Device, TerminalProgram } from "../raw_terminal.ts";
import type { Paint } from "../style.ts";
import { Board } from "./board.ts";
import { complete, type Completion } from "./completion.ts";
import { Editor, type Intent } from "./editor.ts";
import { filesFrom, readBodyFile } from "./files.ts";
import { LOCAL } from "./help.ts";
import { KnownValues } from "./known_values.ts";
import { LastReply } from "./last_reply.ts";
import { localCommands } from "./local_commands.ts";
import { Pager } from "./pager.ts";
import { Repeater } from "./repeater.ts";
import type { History } from "./history.ts";
import { EnteredLines } from "./entered_lines.ts";
import { promptOf } from "./prompt.ts";
import { ReplyPrinter } from "./reply_printer.ts";
import type { Diagnostic } from "./request_line.ts";
import { Requests } from "./requests.ts";
import { Screen, type View } from "./screen.ts";
import { ServerLink } from "./server_link.ts";
import { viewOf } from "./view.ts";

/** The parts of a terminal. */
export interface TerminalOptions {
  readonly address: string;
  /** How to connect. Default: with the certificates of the system. */
  readonly dial?: Dial;
  readonly device: Device;
  readonly history: History;
  readonly paint: Paint;
  /** Whether to show bytes instead of replies at first. */
  readonly raw: boolean;
  /** Gives the terminal back to the shell until the program is continued. */
  readonly suspend: () => void;
  /** The clock of heartbeats. Default: the system's. */
  readonly clock?: Clock;
}

const OK = 0, NO_CONNECTION = 2;
/** The characters of output that may wait while a reply is shown in pages. */
const MOST_BESIDE_PAGER = 1 << 22;

/** A person at a terminal, and a server. */
export class Terminal implements TerminalProgram {
  readonly #options: TerminalOptions;
  readonly #decoder = new KeyDecoder();
  readonly #requests = new Requests(readBodyFile);
  readonly #board: Board;
  readonly #editor: Editor;
  readonly #lines: EnteredLines;
  readonly #replies: ReplyPrinter;
  readonly #link: ServerLink;
  readonly #repeater: Repeater;
  readonly #known: KnownValues;
  readonly #lastReply = new LastReply();
  #pager: Pager | undefined;
  readonly #end = Promise.withResolvers<number>();
  /** The mistake in the line of the editor, after Enter. */
  #diagnostic: Diagnostic | undefined;
  #isLeaving = false;
  /** Whether a line is completed with an answer of the server. */
  #isCompleting = false;
  /** Whether the next Ctrl-C leaves. */
  #isArmed = false;

  /** Not connected yet. */
  constructor(options: TerminalOptions) {
    const { device, paint, history, address, raw, clock } = options;
    const requests = this.#requests;
    this.#options = options;
    const board = this.#board = new Board(new Screen(device, paint), paint, () => this.#view());
    this.#replies = new ReplyPrinter(board, requests, paint, raw);
    this.#editor = new Editor({
      history: () => history.lines,
      complete: (text, cursor) => this.#complete(text, cursor),
    });
    this.#repeater = new Repeater({
      requests,
      board,
      clock: clock ?? systemClock,
      onSent: (request) => this.#replies.sent(request),
    });
    this.#lines = new EnteredLines({
      requests,
      board,
      history,
      commands: localCommands({
        board,
        replies: this.#replies,
        lastReply: this.#lastReply,
        repeater: this.#repeater,
        page: () => this.#page(),
        quit: () => this.#quit(),
      }),
      prompt: () => promptOf(requests, this.#link.name),
      columns: () => device.size().columns,
      onSent: (request) => this.#replies.sent(request),
    });
    this.#known = new KnownValues(requests);
    this.#link = new ServerLink({
      address,
      dial: options.dial ?? connectStream,
      clock,
      requests,
      board,
      tap: (direction, bytes) => this.#replies.bytes(direction, bytes),
      onFrame: (frame) => this.#frame(frame),
      onConnected: () => {
        // It may say that there is no connection.
        this.#diagnostic = undefined;
        this.redraw();
      },
      onEnd: () => {
        if (this.#isLeaving) this.leave(OK);
        return !this.#isLeaving;
      },
      onLost: () => {
        this.#lines.lost();
        this.#repeater.stop("the connection is lost");
        this.redraw();
      },
      onUnreachable: (reason) => {
        board.leave();
        this.#end.reject(new ConnectionLost(reason, "no"));
      },
    });
  }

  /** Runs until the person leaves. Resolves with the exit code. */
  run(): Promise<number> {
    this.#link.run().catch((error) => this.#end.reject(error));
    return this.#end.promise;
  }

  /** Ends the program. Default for `code`: 0, or 2 if there was no connection. */
  leave(code: number = this.#link.wasConnected ? OK : NO_CONNECTION): void {
    this.#isLeaving = true;
    this.#closePager();
    this.#board.leave();
    this.#link.end();
    this.#end.resolve(code);
  }

  /** Takes bytes of the keyboard. */
  type(bytes: Uint8Array): void {
    this.#press(this.#decoder.push(bytes));
  }

  /** Whether the bytes so far end in what may be the Escape key or the beginning of another key. */
  get waitsForKeys(): boolean {
    return this.#decoder.waits;
  }

  /** Says that no more bytes follow for now. */
  typedAll(): void {
    this.#press(this.#decoder.flush());
  }

  /** Draws everything again, such as after a resize. */
  redraw(): void {
    this.#pager?.draw();
    this.#board.draw();
  }

  #press(keys: readonly Key[]): void {
    for (const key of keys) {
      if (this.#link.isEnded) return;
      if (this.#pager !== undefined) {
        if (this.#pager.press(key)) this.#closePager();
        continue;
      }
      this.#diagnostic = undefined;
      const intent = this.#editor.press(key);
      if (intent?.kind !== "interrupt") this.#isArmed = false;
      if (intent !== undefined) this.#act(intent);
    }
    this.redraw();
  }

  #act(intent: Intent): void {
    switch (intent.kind) {
      case "line":
        return this.#enter(intent.text);
      case "lines":
        return this.#lines.paste(intent.texts);
      case "interrupt":
        return this.#interrupt();
      case "end":
        return this.#quit();
      case "clear":
        return this.#board.clear();
      case "suspend":
        this.#board.leave();
        return this.#options.suspend();
    }
  }

  #enter(text: string): void {
    if (this.#requests.connection === undefined) this.#link.tryNow();
    const diagnostic = this.#lines.enter(text);
    if (diagnostic === undefined) return;
    // A wrong line stays in the editor, with the cursor after the mistake.
    this.#diagnostic = diagnostic;
    this.#editor.reset(text, diagnostic.end);
  }

  /** Ctrl-C empties the line, or cancels the newest request, or leaves. */
  #interrupt(): void {
    if (!this.#link.wasConnected) return this.leave();
    const { text } = this.#editor;
    if (text !== "" || this.#requests.bodyPrompt !== undefined) return this.#abandon(text);
    this.#lines.drop();
    const wasRepeating = this.#repeater.repeats;
    this.#repeater.stop("Ctrl-C");
    const cancelled = this.#isArmed ? undefined : this.#requests.cancelNewest();
    if (cancelled !== undefined) {
      this.#isArmed = this.#requests.inFlight.every(({ isCancelled }) => isCancelled);
      return this.#board.say(`cancelling #${cancelled.tag}; Ctrl-C again leaves`);
    }
    if (wasRepeating) return;
    if (this.#isArmed) return this.leave();
    this.#isArmed = true;
    this.#board.say("Ctrl-C again leaves, as do Ctrl-D and QUIT");
  }

  /** Empties the line; of an empty line, gives up the body that is being typed. */
  #abandon(text: string): void {
    const prompt = promptOf(this.#requests, this.#link.name);
    this.#board.addStyled([...prompt, { text: `${text}^C`, style: "plain" }]);
    if (text !== "") return this.#editor.reset();
    this.#requests.dropBody();
    this.#board.say("the request is not sent");
  }

  /** Leaves once all requests are answered. */
  #quit(): void {
    if (this.#requests.connection === undefined || this.#isLeaving) return this.leave();
    this.#isLeaving = true;
    const count = this.#requests.inFlight.length;
    if (count > 0) {
      const replies = count === 1 ? "1 reply" : `${count} replies`;
      this.#board.say(`waiting for ${replies}; Ctrl-C leaves at once`);
    }
    this.#isArmed = true;
    this.#requests.ask("QUIT", () => {});
  }

  #frame(frame: Frame): void {
    const request = this.#requests.answered(frame);
    request?.onFrame?.(frame);
    if (request?.onFrame !== undefined && request.verb !== "QUIT") return;
    if (request?.verb === "QUIT" && frame.head === "OK") this.#isLeaving = true;
    this.#replies.frame(frame, request);
    if (request === undefined) return;
    const command = this.#requests.protocol?.commands.get(request.verb);
    this.#lastReply.add(frame, request, command);
    if (command !== undefined) this.#known.learn(frame, command);
    if (this.#board.pending > MOST_BESIDE_PAGER) this.#closePager();
    if (!isFinal(frame)) return;
    const isError = frame.head === "ERR";
    this.#repeater.answered(request, isError);
    this.#lines.answered(request, isError);
  }

  #page(): void {
    const { device, paint } = this.#options;
    this.#board.leave();
    this.#pager = new Pager(this.#lastReply.title, this.#lastReply.lines(), device, paint);
  }

  #closePager(): void {
    this.#pager?.leave();
    this.#pager = undefined;
  }

  #complete(text: string, cursor: number): Completion {
    if (this.#requests.bodyPrompt !== undefined) {
      return { start: cursor, end: cursor, candidates: [] };
    }
    return complete(text, cursor, {
      protocol: this.#requests.protocol,
      local: LOCAL,
      tags: () => this.#requests.inFlight.map(({ tag }) => tag),
      known: (field) => {
        // The answer completes the line that is still there.
        const onAnswer = (): void => this.#completeAgain(text, cursor);
        const isAsked = !this.#isCompleting && this.#known.ask(field, onAnswer);
        const known = this.#known.of(field);
        return isAsked && known.length === 0 ? undefined : known;
      },
      files: filesFrom,
    });
  }

  /** Presses Tab again, if nothing was typed since. */
  #completeAgain(text: string, cursor: number): void {
    const { text: now, cursor: place, menu } = this.#editor;
    if (now !== text || place !== cursor || menu !== undefined) return;
    this.#isCompleting = true;
    this.#editor.press({ kind: "press", name: "tab" });
    this.#isCompleting = false;
    this.redraw();
  }

  #view(): View | undefined {
    if (this.#link.isEnded || !this.#link.wasConnected || this.#pager !== undefined) {
      return undefined;
    }
    return viewOf(this.#editor, {
      prompt: promptOf(this.#requests, this.#link.name, this.#lines.waiting),
      protocol: this.#requests.protocol,
      explains: this.#requests.bodyPrompt === undefined,
      diagnostic: this.#diagnostic,
      local: LOCAL,
      ...this.#options.device.size(),
    });
  }
}
