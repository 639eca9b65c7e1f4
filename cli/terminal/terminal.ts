// `lineup connect` at a terminal: keys and frames in, the screen out.

import { compile } from "../../protocol/compile.ts";
import type { Frame } from "../../protocol/frame.ts";
import { complete } from "./completion.ts";
import { Editor, type Intent } from "./editor.ts";
import { filesFrom, readBodyFile } from "./files.ts";
import type { History } from "./history.ts";
import { HELP, LOCAL } from "./help.ts";
import { type Key, KeyDecoder } from "./keys.ts";
import { showBytes, showFrame } from "./reply.ts";
import type { Fault } from "./request_line.ts";
import { type InFlight, Requests } from "./requests.ts";
import { type Device, Screen, type Span } from "./screen.ts";
import type { Paint } from "./style.ts";
import { printable, width } from "./text.ts";
import { showFault, viewOf } from "./view.ts";
import { Wire, WireError } from "./wire.ts";

/** What a terminal is made of. */
export interface TerminalOptions {
  readonly address: string;
  readonly device: Device;
  readonly history: History;
  readonly paint: Paint;
  /** Whether to begin with the bytes both ways instead of replies. */
  readonly raw: boolean;
  /** Gives the terminal back to the shell until it is continued. */
  readonly suspend: () => void;
}

const OK = 0, NO_CONNECTION = 2;
// Lines of pastes that wait for the one before them.
const MOST_WAITING = 100_000;
// How much output is gathered before it is shown, however busy the server is.
const MOST_PENDING = 1 << 18;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
// A connection that lasted so long was a good one: the next pause is short again.
const LASTING_MS = 10_000;

/** A person, a server, and what is between them. */
export class Terminal {
  readonly #options: TerminalOptions;
  readonly #paint: Paint;
  readonly #screen: Screen;
  readonly #editor: Editor;
  readonly #decoder = new KeyDecoder();
  readonly #requests = new Requests(readBodyFile);
  readonly #end = Promise.withResolvers<number>();
  readonly #abort = new AbortController();
  /** Lines of pastes: each is sent once the one before it is answered. */
  #waiting: string[] = [];
  #current: InFlight | undefined;
  #last: string | undefined;
  #fault: Fault | undefined;
  #name: string;
  #raw: boolean;
  #leaving = false;
  #armed = false;
  #connected = false;
  #tryNow: () => void = () => {};
  #drawing = false;

  /** Not connected yet. */
  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#paint = options.paint;
    this.#raw = options.raw;
    this.#name = options.address;
    this.#screen = new Screen(options.device, options.paint);
    this.#editor = new Editor({
      history: () => options.history.lines,
      complete: (text, cursor) => this.#complete(text, cursor),
    });
  }

  /** Runs until the person leaves: the exit code. */
  run(): Promise<number> {
    this.#stayConnected().catch((error) => this.#end.reject(error));
    return this.#end.promise;
  }

  /** The person has gone. */
  leave(code: number = this.#connected ? OK : NO_CONNECTION): void {
    this.#leaving = true;
    this.#screen.leave();
    this.#abort.abort();
    this.#requests.wire?.close();
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
    if (!this.#leaving && this.#connected) this.#draw();
  }

  #keys(keys: readonly Key[]): void {
    for (const key of keys) {
      if (this.#end === undefined || this.#abort.signal.aborted) return;
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
        return this.#screen.clear();
      case "suspend":
        this.#screen.leave();
        return this.#options.suspend();
    }
  }

  #entered(text: string): void {
    if (this.#waiting.length > 0 || this.#current !== undefined) return this.#pasted([text]);
    if (this.#requests.wire === undefined) this.#tryNow();
    const collects = this.#requests.bodyPrompt !== undefined;
    const prompt = this.#prompt();
    const fault = this.#take(text, () => this.#echo(prompt, text));
    if (fault === undefined) {
      if (!collects) this.#options.history.add(text);
      return;
    }
    if (collects) return this.#print(this.#paint("bad", printable(fault.message)));
    // What is not sent stays, with the cursor where it is wrong.
    this.#fault = fault;
    const isWhole = fault.start === 0 && fault.end === text.length;
    this.#editor.reset(text, isWhole ? text.length : fault.start);
  }

  #pasted(texts: readonly string[]): void {
    const room = MOST_WAITING - this.#waiting.length;
    // Not spread: a paste may have more lines than a call takes arguments.
    for (const text of texts.slice(0, room)) this.#waiting.push(text);
    if (texts.length > room) {
      this.#say(`${texts.length - room} pasted lines are too many and left out`);
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
        for (const row of showFault(fault, text, promptWidth(prompt))) {
          this.#print(row.map(({ text, style }) => this.#paint(style, text)).join(""));
        }
      } else if (!collects) this.#options.history.add(text);
    }
  }

  /** Takes a line; `onTaken` is called before anything comes of it. What is wrong with it, if anything. */
  #take(
    text: string,
    onTaken: () => void,
    onSent: (sent: InFlight | undefined) => void = () => {},
  ): Fault | undefined {
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
    this.#last = taken.sent?.tag;
    onSent(taken.sent);
    return undefined;
  }

  #local(text: string): (() => void) | undefined {
    switch (text) {
      case "/help":
        return () => this.#print(HELP);
      case "/raw":
        return () => {
          this.#raw = !this.#raw;
          this.#say(this.#raw ? "bytes both ways" : "replies");
        };
      case "/quit":
        return () => this.#quit();
    }
  }

  #interrupt(): void {
    const { text } = this.#editor;
    if (text !== "") {
      this.#echo(this.#prompt(), `${text}^C`);
      return this.#editor.reset();
    }
    if (this.#requests.bodyPrompt !== undefined) {
      this.#echo(this.#prompt(), "^C");
      this.#requests.dropBody();
      return this.#say("the request is not sent");
    }
    this.#dropWaiting();
    const cancelled = this.#armed ? undefined : this.#requests.cancelNewest();
    if (cancelled !== undefined) {
      this.#armed = this.#requests.inFlight.every(({ cancelled }) => cancelled);
      return this.#say(`cancelling #${cancelled.tag}; Ctrl-C again leaves`);
    }
    if (this.#armed) return this.leave();
    this.#armed = true;
    this.#say("Ctrl-C again leaves, as do Ctrl-D and QUIT");
  }

  #quit(): void {
    if (this.#requests.wire === undefined || this.#leaving) return this.leave();
    this.#leaving = true;
    const count = this.#requests.inFlight.length;
    if (count > 0) {
      this.#say(
        `waiting for ${count === 1 ? "1 reply" : `${count} replies`}; Ctrl-C leaves at once`,
      );
      this.#draw();
    }
    this.#armed = true;
    this.#requests.ask("QUIT", () => {});
  }

  async #stayConnected(): Promise<void> {
    const { address } = this.#options;
    const { signal } = this.#abort;
    for (let failures = 0; !signal.aborted;) {
      const since = performance.now();
      try {
        const wire = await Wire.open(address, (way, bytes) => this.#tap(way, bytes), signal);
        this.#connectedTo(wire);
        this.#lost(await wire.read((frame) => this.#frame(frame), () => this.#schedule()));
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof WireError)) throw error;
        if (!this.#connected) {
          this.#screen.leave();
          console.error(`lineup: ${printable(error.message)}`);
          return this.#end.resolve(NO_CONNECTION);
        }
        if (failures < 2) this.#say(error.message);
      }
      if (this.#leaving) return this.leave(OK);
      failures = performance.now() - since > LASTING_MS ? 1 : failures + 1;
      await this.#pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)));
    }
  }

  /** Waits between attempts, less if the person wants it to be tried now. */
  async #pause(ms: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, ms * (0.5 + Math.random() / 2));
    this.#tryNow = over.resolve;
    this.#abort.signal.addEventListener("abort", () => over.resolve(), { once: true });
    await over.promise;
    clearTimeout(timer);
    this.#tryNow = () => {};
  }

  #connectedTo(wire: Wire): void {
    this.#requests.wire = wire;
    const { protocol } = wire.welcome;
    this.#name = protocol.split("/")[0];
    this.#say(
      this.#connected
        ? `connected again to ${this.#options.address}, ${protocol}`
        : `connected to ${this.#options.address}, ${protocol}. Tab completes, /help explains, Ctrl-D leaves.`,
    );
    this.#connected = true;
    this.#requests.ask("HELLO lineup/1 agent=lineup-connect events=on", () => {});
    this.#requests.ask("SPEC", (frame) => this.#learn(frame));
    this.redraw();
  }

  #learn({ head, body }: Frame): void {
    try {
      if (head !== "OK" || body === undefined) throw new Error("it answers SPEC with no document");
      this.#requests.protocol = compile(JSON.parse(new TextDecoder().decode(body)).protocol);
    } catch (error) {
      this.#say(
        `the server does not describe itself, so nothing is completed: ${(error as Error).message}`,
      );
    }
  }

  #lost(why: string): void {
    const lost = this.#requests.lose();
    if (this.#leaving) return;
    this.#say(`connection lost: ${why}. Connecting again.`);
    for (const { tag, text } of lost) {
      this.#say(`#${tag} is lost, executed or not, and not sent again: ${text}`);
    }
    this.#current = undefined;
    this.#dropWaiting();
    this.redraw();
  }

  #frame(frame: Frame): void {
    const request = this.#requests.answered(frame);
    if (request?.own !== undefined) {
      request.own(frame);
      if (request.verb !== "QUIT" || this.#raw) return;
    }
    const isFinal = frame.head === "OK" || frame.head === "ERR";
    if (request?.verb === "QUIT" && frame.head === "OK") this.#leaving = true;
    if (!this.#raw) {
      // Whose answer it is needs no saying where it can be no other's.
      const alone = request !== undefined && !request.chosen && request.tag === this.#last &&
        this.#requests.inFlight.every((each) => each === request);
      const tag = alone || request?.own !== undefined ? undefined : frame.tag;
      this.#screen.print(showFrame(frame, tag, this.#paint));
      this.#schedule();
    }
    if (isFinal && request !== undefined && request === this.#current) {
      this.#current = undefined;
      this.#advance();
    }
  }

  #tap(direction: "<" | ">", bytes: Uint8Array): void {
    if (!this.#raw) return;
    this.#screen.print(showBytes(direction, bytes, this.#paint));
    this.#schedule();
  }

  #dropWaiting(): void {
    const count = this.#waiting.length;
    this.#waiting = [];
    if (count > 0) this.#say(`${count === 1 ? "1 line is" : `${count} lines are`} not sent`);
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

  #prompt(): Span[] {
    const { bodyPrompt, inFlight, next, wire } = this.#requests;
    if (bodyPrompt !== undefined) return [{ text: bodyPrompt, style: "dim" }];
    const tags = inFlight.slice(0, 3).map(({ tag }) => `#${tag}`);
    if (inFlight.length > 3) tags.push(`+${inFlight.length - 3}`);
    const waits = tags.length === 0 ? "" : ` [${tags.join(" ")}]`;
    const state = wire === undefined ? " (not connected)" : waits;
    return [
      { text: this.#name, style: "bold" },
      { text: ` ${next}${state}> `, style: "dim" },
    ];
  }

  #echo(prompt: readonly Span[], text: string): void {
    this.#print(prompt.map(({ text, style }) => this.#paint(style, text)).join("") + text);
  }

  /** Something from the terminal itself. */
  #say(text: string): void {
    this.#print(this.#paint("note", `-- ${printable(text)}`));
  }

  #print(text: string): void {
    this.#screen.print(text + "\n");
    this.#schedule();
  }

  /** Draws at the end of this turn, or at once where much waits. */
  #schedule(): void {
    if (this.#screen.pending > MOST_PENDING) return this.redraw();
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      this.redraw();
    });
  }

  #draw(): void {
    const { rows } = this.#options.device.size();
    this.#screen.draw(viewOf(this.#editor, {
      prompt: this.#prompt(),
      protocol: this.#requests.protocol,
      explains: this.#requests.bodyPrompt === undefined,
      fault: this.#fault,
      local: LOCAL,
      rows,
    }));
  }
}

function promptWidth(prompt: readonly Span[]): number {
  return prompt.reduce((sum, { text }) => sum + width(text), 0);
}
