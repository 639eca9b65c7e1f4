// `lineup connect` at a terminal: keys and frames in, the screen out.

import { heartbeatOption } from "../../client/liveness.ts";
import type { Clock, Dial } from "../../client/mod.ts";
import { connectStream } from "../../net/mod.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import type { Device, TerminalProgram } from "../raw_terminal.ts";
import { Board } from "./board.ts";
import { complete } from "./completion.ts";
import { Editor, type Intent } from "./editor.ts";
import { filesFrom, readBodyFile } from "./files.ts";
import type { History } from "./history.ts";
import { HELP, LOCAL } from "./help.ts";
import { complain, said } from "../output.ts";
import { readSpec } from "../remote_spec.ts";
import { type Key, KeyDecoder } from "../keys.ts";
import { HEARTBEAT_MS, Pulse } from "./pulse.ts";
import { showBytes, showFrame } from "./reply.ts";
import type { Diagnostic } from "./request_line.ts";
import { type PendingRequest, Requests } from "./requests.ts";
import { type StyledText, styledWidth } from "../styled_text.ts";
import { Screen, type View } from "./screen.ts";
import type { Paint } from "../style.ts";
import { printable } from "../../protocol/printable.ts";
import { showFault, viewOf } from "./view.ts";
import type { Wire } from "./wire.ts";
import { StayingConnected } from "./staying_connected.ts";

/** What a terminal is made of. */
export interface TerminalOptions {
  /** How to connect. Default: trusting what the system trusts. */
  readonly dial?: Dial;
  readonly address: string;
  readonly device: Device;
  readonly history: History;
  readonly paint: Paint;
  /** Whether to begin with the bytes both ways instead of replies. */
  readonly raw: boolean;
  /** Gives the terminal back to the shell until it is continued. */
  readonly suspend: () => void;
  /** The time, for signs of life. Default: that of the machine. */
  readonly clock?: Clock;
}

const OK = 0, NO_CONNECTION = 2;
// Lines of pastes that wait for the one before them.
const MOST_WAITING = 100_000;

/** A person, a server, and what is between them. */
export class Terminal implements TerminalProgram {
  readonly #options: TerminalOptions;
  readonly #paint: Paint;
  readonly #board: Board;
  readonly #editor: Editor;
  readonly #decoder = new KeyDecoder();
  readonly #requests = new Requests(readBodyFile);
  readonly #pulse: Pulse;
  readonly #end = Promise.withResolvers<number>();
  readonly #connection: StayingConnected;
  /** Lines of pastes: each is sent once the one before it is answered. */
  #waiting: string[] = [];
  #current: PendingRequest | undefined;
  #last: string | undefined;
  #fault: Diagnostic | undefined;
  #name: string;
  #raw: boolean;
  #leaving = false;
  #armed = false;
  #connected = false;
  #lastFailure = "";

  /** Not connected yet. */
  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#paint = options.paint;
    this.#raw = options.raw;
    this.#name = options.address;
    this.#connection = new StayingConnected(options.address, options.dial ?? connectStream);
    this.#pulse = new Pulse({
      ask: () => this.#requests.ask("PING", () => {}),
      lost: (why) => this.#requests.wire?.close(why),
    }, options.clock);
    const screen = new Screen(options.device, options.paint);
    this.#board = new Board(screen, options.paint, () => this.#view());
    this.#editor = new Editor({
      history: () => options.history.lines,
      complete: (text, cursor) => this.#complete(text, cursor),
    });
  }

  /** Runs until the person leaves: the exit code. */
  run(): Promise<number> {
    this.#connection.run({
      tap: (direction, bytes) => this.#tap(direction, bytes),
      connecting: () => this.#connecting(),
      connected: (wire) => this.#connectedTo(wire),
      frame: (frame) => this.#frame(frame),
      pause: () => {
        this.#pulse.heard();
        this.#board.schedule();
      },
      lost: (why) => this.#lost(why),
      failed: (why) => this.#failed(why),
    }).catch((error) => this.#end.reject(error));
    return this.#end.promise;
  }

  /** The person has gone. */
  leave(code: number = this.#connected ? OK : NO_CONNECTION): void {
    this.#leaving = true;
    this.#board.leave();
    this.#connection.end();
    this.#requests.wire?.close();
    this.#pulse.stop();
    this.#end.resolve(code);
  }

  /** Bytes of the keyboard. */
  type(bytes: Uint8Array): void {
    this.#keys(this.#decoder.push(bytes));
  }

  /** Whether a single Escape may have been typed; `typedAll` says that nothing followed it. */
  get waitsForKeys(): boolean {
    return this.#decoder.waits;
  }

  /** Nothing more came of a sequence. */
  typedAll(): void {
    this.#keys(this.#decoder.flush());
  }

  /** Draws again, such as after a resize. */
  redraw(): void {
    this.#board.draw();
  }

  #keys(keys: readonly Key[]): void {
    for (const key of keys) {
      if (this.#connection.ended) return;
      this.#fault = undefined;
      const intent = this.#editor.press(key);
      if (intent?.kind !== "interrupt") this.#armed = false;
      if (intent !== undefined) this.#mean(intent);
    }
    this.redraw();
  }

  #mean(intent: Intent): void {
    switch (intent.kind) {
      case "line":
        return this.#entered(intent.text);
      case "lines":
        return this.#pasted(intent.texts);
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

  #entered(text: string): void {
    if (this.#waiting.length > 0) return this.#pasted([text]);
    if (this.#requests.wire === undefined) this.#connection.tryNow();
    const collects = this.#requests.bodyPrompt !== undefined;
    const prompt = this.#prompt();
    const fault = this.#take(text, () => this.#echo(prompt, text));
    if (fault === undefined) {
      if (!collects) this.#options.history.add(text);
      return;
    }
    if (collects) return this.#board.addSpans([{ text: printable(fault.message), style: "bad" }]);
    // What is not sent stays, with the cursor behind what is wrong with it.
    this.#fault = fault;
    this.#editor.reset(text, fault.end);
  }

  #pasted(texts: readonly string[]): void {
    const room = MOST_WAITING - this.#waiting.length;
    // Not spread: a paste may have more lines than a call takes arguments.
    for (const text of texts.slice(0, room)) this.#waiting.push(text);
    if (texts.length > room) {
      this.#board.say(`${texts.length - room} pasted lines are too many and left out`);
    }
    this.#advance();
  }

  /** Sends what waits, up to the first line that must be answered. */
  #advance(): void {
    while (this.#current === undefined && this.#waiting.length > 0) {
      const text = this.#waiting.shift()!;
      const prompt = this.#prompt();
      const collects = this.#requests.bodyPrompt !== undefined;
      this.#echo(prompt, text);
      const fault = this.#take(text, () => {}, (sent) => this.#current = sent);
      if (fault !== undefined) {
        const { columns } = this.#options.device.size();
        for (const row of showFault(fault, text, styledWidth(prompt), columns)) {
          this.#board.addSpans(row);
        }
      } else if (!collects) this.#options.history.add(text);
    }
  }

  /** Takes a line; `onTaken` is called before anything comes of it. What is wrong with it, if anything. */
  #take(
    text: string,
    onTaken: () => void,
    onSent: (sent: PendingRequest | undefined) => void = () => {},
  ): Diagnostic | undefined {
    if (this.#requests.bodyPrompt === undefined && /^\s*\//.test(text)) {
      const act = this.#local(text.trim());
      if (act === undefined) {
        const known = Object.keys(LOCAL).join(", ");
        return { start: 0, end: text.length, message: `The terminal's own commands are ${known}.` };
      }
      onTaken();
      act();
      return undefined;
    }
    const taken = this.#requests.take(text);
    if (taken !== undefined && "fault" in taken) return taken.fault;
    onTaken();
    if (taken === undefined) return undefined;
    const sent = taken.send();
    this.#last = sent?.tag;
    onSent(sent);
    return undefined;
  }

  #local(text: string): (() => void) | undefined {
    switch (text) {
      case "/help":
        return () => this.#board.add(HELP + "\n");
      case "/raw":
        return () => {
          this.#raw = !this.#raw;
          this.#board.say(this.#raw ? "bytes both ways" : "replies");
        };
      case "/quit":
        return () => this.#quit();
    }
  }

  #interrupt(): void {
    if (!this.#connected) return this.leave();
    const { text } = this.#editor;
    if (text !== "") {
      this.#echo(this.#prompt(), `${text}^C`);
      return this.#editor.reset();
    }
    if (this.#requests.bodyPrompt !== undefined) {
      this.#echo(this.#prompt(), "^C");
      this.#requests.dropBody();
      return this.#board.say("the request is not sent");
    }
    this.#dropWaiting();
    const cancelled = this.#armed ? undefined : this.#requests.cancelNewest();
    if (cancelled !== undefined) {
      this.#armed = this.#requests.inFlight.every(({ cancelled }) => cancelled);
      return this.#board.say(`cancelling #${cancelled.tag}; Ctrl-C again leaves`);
    }
    if (this.#armed) return this.leave();
    this.#armed = true;
    this.#board.say("Ctrl-C again leaves, as do Ctrl-D and QUIT");
  }

  #quit(): void {
    if (this.#requests.wire === undefined || this.#leaving) return this.leave();
    this.#leaving = true;
    const count = this.#requests.inFlight.length;
    if (count > 0) {
      this.#board.say(
        `waiting for ${count === 1 ? "1 reply" : `${count} replies`}; Ctrl-C leaves at once`,
      );
    }
    this.#armed = true;
    this.#requests.ask("QUIT", () => {});
  }

  /** At first there is no prompt yet that would say that there is no connection. */
  #connecting(): void {
    if (this.#connected || this.#connection.ended) return;
    this.#board.say(`connecting to ${this.#options.address}; Ctrl-C gives up`);
    this.#board.leave();
  }

  #connectedTo(wire: Wire): void {
    this.#requests.wire = wire;
    const { name, version } = wire.greeting;
    this.#name = name;
    const again = this.#connected ? " again" : "";
    this.#board.say(`connected${again} to ${this.#options.address}, ${name}/${version}`);
    if (!this.#connected) this.#board.say("Tab completes, /help explains, Ctrl-D leaves");
    this.#connected = true;
    this.#lastFailure = "";
    this.#requests.ask(
      "HELLO lineup/1 agent=lineup-connect events=on half-close=off" +
        heartbeatOption(HEARTBEAT_MS),
      () => {},
    );
    this.#pulse.start();
    this.#requests.ask("SPEC", (frame) => this.#learn(frame));
    this.redraw();
  }

  #learn({ head, body }: Frame): void {
    try {
      if (head !== "OK" || body === undefined) throw new Error("it answers SPEC with no document");
      this.#requests.protocol = readSpec(body);
    } catch (error) {
      this.#board.say(
        `the server does not describe itself, so nothing is completed: ${(error as Error).message}`,
      );
    }
  }

  #lost(why: string): boolean {
    this.#pulse.stop();
    const lost = this.#requests.lose();
    if (this.#leaving) {
      this.leave(OK);
      return false;
    }
    this.#board.say(`connection lost: ${why}. Connecting again.`);
    for (const { tag, text } of lost) {
      this.#board.say(`#${tag} is lost, executed or not, and not sent again: ${text}`);
    }
    this.#current = undefined;
    this.#dropWaiting();
    this.redraw();
    return true;
  }

  #failed(why: string): boolean {
    if (!this.#connected) {
      this.#board.leave();
      complain(why);
      said().then(() => this.#end.resolve(NO_CONNECTION));
      return false;
    }
    if (why !== this.#lastFailure) this.#board.say(why);
    this.#lastFailure = why;
    return true;
  }

  #frame(frame: Frame): void {
    const request = this.#requests.answered(frame);
    if (request?.own !== undefined) {
      request.own(frame);
      if (request.verb !== "QUIT" || this.#raw) return;
    }
    const isFinal = frame.head === "OK" || frame.head === "ERR";
    if (request?.verb === "QUIT" && frame.head === "OK") this.#leaving = true;
    if (request?.cancelled) {
      if (!isFinal) {
        request.unseen++;
        return;
      }
      if (request.unseen > 0) {
        this.#board.say(`${request.unseen} more items came and are not shown`);
      }
    }
    if (!this.#raw) {
      // Whose answer it is needs no saying where it can be no other's.
      const alone = request !== undefined && !request.chosen && request.tag === this.#last &&
        this.#requests.inFlight.every((each) => each === request);
      const tag = alone || request?.own !== undefined ? undefined : frame.tag;
      this.#board.add(showFrame(frame, tag, this.#paint));
    }
    if (isFinal && request !== undefined && request === this.#current) {
      this.#current = undefined;
      this.#advance();
    }
  }

  #tap(direction: "<" | ">", bytes: Uint8Array): void {
    if (!this.#raw) return;
    this.#board.add(showBytes(direction, bytes, this.#paint));
  }

  #dropWaiting(): void {
    const count = this.#waiting.length;
    this.#waiting = [];
    if (count > 0) this.#board.say(`${count === 1 ? "1 line is" : `${count} lines are`} not sent`);
  }

  #complete(text: string, cursor: number): ReturnType<typeof complete> {
    if (this.#requests.bodyPrompt !== undefined) {
      return { start: cursor, end: cursor, candidates: [] };
    }
    const completion = complete(text, cursor, {
      protocol: this.#requests.protocol,
      local: LOCAL,
      tags: () => this.#requests.inFlight.map(({ tag }) => tag),
      files: filesFrom,
    });
    // What a server names is not put into the line where it would not show as what it is.
    const candidates = completion.candidates.filter(({ text }) => text === printable(text));
    return { ...completion, candidates };
  }

  /** The prompt, which tells how many lines wait, unless it is to stand above them. */
  #prompt(waiting = 0): StyledText[] {
    const { bodyPrompt, inFlight, next, wire } = this.#requests;
    if (bodyPrompt !== undefined) return [{ text: bodyPrompt, style: "dim" }];
    const tags = inFlight.slice(0, 3).map(({ tag }) => `#${tag}`);
    if (inFlight.length > 3) tags.push(`+${inFlight.length - 3}`);
    if (waiting > 0) tags.push(`and ${waiting === 1 ? "1 line" : `${waiting} lines`}`);
    const waits = tags.length === 0 ? "" : ` [${tags.join(" ")}]`;
    const state = wire === undefined ? " (not connected)" : waits;
    return [
      { text: this.#name, style: "bold" },
      { text: ` ${next}${state}> `, style: "dim" },
    ];
  }

  #view(): View | undefined {
    if (this.#connection.ended || !this.#connected) return undefined;
    return viewOf(this.#editor, {
      prompt: this.#prompt(this.#waiting.length),
      protocol: this.#requests.protocol,
      explains: this.#requests.bodyPrompt === undefined,
      fault: this.#fault,
      local: LOCAL,
      ...this.#options.device.size(),
    });
  }

  #echo(prompt: readonly StyledText[], text: string): void {
    this.#board.addSpans([...prompt, { text, style: "plain" }]);
  }
}
