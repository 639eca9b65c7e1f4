// One page at a terminal, drawn again and again on the alternate screen: for `lineup top` and `lineup queues --watch`.

import { type Device, runInTerminal, type TerminalProgram } from "./raw_terminal.ts";
import { type Key, KeyDecoder } from "./keys.ts";
import { cut } from "./styled_text.ts";
import { type Paint, painter } from "./style.ts";
import { reason, sentence } from "./reason.ts";
import { printable } from "../protocol/printable.ts";
import type { PageRow } from "./page_layout.ts";
import { polled, type PollOptions } from "./polled.ts";

const OK = 0;
const SCREEN_ON = "\x1b[?1049h\x1b[?25l", SCREEN_OFF = "\x1b[?25h\x1b[?1049l";

/** The options of a live page of readings. */
interface LiveOptions<R> {
  /** The server's name and address. */
  readonly name: string;
  readonly interval: number;
  readonly device: Device;
  readonly paint: Paint;
  /** Gives the terminal back to the shell until it is continued. */
  readonly suspend: () => void;
  /** Takes readings without end. One that fails is an `Error`. */
  readonly read: (pace: PollOptions) => AsyncIterable<R | Error>;
  /** The rows of a page, at most so many columns wide. */
  readonly page: (reading: R, columns: number) => PageRow[];
}

/** Whether standard input and output are a terminal that a page can be drawn at. */
export function canShowPage(): boolean {
  return Deno.stdin.isTerminal() && Deno.stdout.isTerminal() && Deno.env.get("TERM") !== "dumb";
}

/** Shows a page of readings at the terminal until the person leaves. Resolves with the exit code. */
export function showPage<R>(
  { name, interval, read, page }: {
    readonly name: string;
    readonly interval: number;
    /** Takes one reading, within so many ms. */
    readonly read: (within: number) => Promise<R>;
    readonly page: LiveOptions<R>["page"];
  },
): Promise<number> {
  return runInTerminal((device, suspend) =>
    new LivePage<R>({
      name,
      interval,
      device,
      suspend,
      paint: painter(!Deno.noColor),
      read: (pace) => polled(read, pace),
      page,
    })
  );
}

/** The page of a server, until the person leaves. */
class LivePage<R> implements TerminalProgram {
  readonly #options: LiveOptions<R>;
  readonly #decoder = new KeyDecoder();
  readonly #end = Promise.withResolvers<number>();
  #reading: R | undefined;
  #trouble: string | undefined;
  #hasScreen = false;
  #ended = false;
  #wake: () => void = () => {};

  /** Nothing is shown yet. */
  constructor(options: LiveOptions<R>) {
    this.#options = options;
  }

  /** Shows one reading after the other, until `leave`. Resolves with the exit code. */
  run(): Promise<number> {
    this.#show().catch((error) => {
      this.leave();
      this.#end.reject(error);
    });
    return this.#end.promise;
  }

  async #show(): Promise<void> {
    this.redraw();
    const { interval, read } = this.#options;
    for await (const next of read({ interval, pause: (ms) => this.#pause(ms) })) {
      if (this.#ended) return;
      if (next instanceof Error) this.#trouble = reason(next);
      else {
        this.#reading = next;
        this.#trouble = undefined;
      }
      this.redraw();
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Gives the screen back. */
  leave(code: number = OK): void {
    this.#ended = true;
    this.#giveBack();
    this.#wake();
    this.#end.resolve(code);
  }

  /** Takes bytes of the keyboard: q, Ctrl-C and Ctrl-D quit; the space bar takes a reading at once. */
  type(bytes: Uint8Array): void {
    this.#keys(this.#decoder.push(bytes));
  }

  /** Whether the bytes so far end in what may be the Escape key or the beginning of another key. */
  get waitsForKeys(): boolean {
    return this.#decoder.waits;
  }

  /** Says that no more bytes follow for now. */
  typedAll(): void {
    this.#keys(this.#decoder.flush());
  }

  #keys(keys: readonly Key[]): void {
    for (const key of keys) {
      if (this.#ended) return;
      const name = key.kind === "press" ? key.name : key.kind === "text" ? key.text : "";
      if (["q", "Q", "C-c", "C-d"].includes(name)) this.leave();
      else if (name === "C-z") {
        this.#giveBack();
        this.#options.suspend();
      } else if (name === " ") this.#wake();
    }
  }

  #giveBack(): void {
    if (this.#hasScreen) this.#options.device.write(SCREEN_OFF);
    this.#hasScreen = false;
  }

  /** Draws the page; a page that is too tall is cut. */
  redraw(): void {
    if (this.#ended) return;
    const { device, paint, interval, name, page } = this.#options;
    const { columns, rows } = device.size();
    const all: PageRow[] = this.#reading === undefined
      ? [[{ text: printable(name), style: "bold" }]]
      : page(this.#reading, columns);
    const last = this.#trouble === undefined
      ? [{
        text: `every ${interval / 1000}s; q quits, space updates at once`,
        style: "dim" as const,
      }]
      : [{
        text: `no figures: ${printable(sentence(this.#trouble))} Trying again.`,
        style: "bad" as const,
      }];
    const room = Math.max(1, rows - 1);
    const shown = all.slice(0, room);
    // The last row stays at the bottom of the terminal.
    while (shown.length < room) shown.push([]);
    if (all.length > room) {
      const cutOff = `… ${all.length - room + 1} more rows in a taller terminal`;
      shown[room - 1] = [{ text: cutOff, style: "dim" }];
    }
    const text = [...shown, last].map((row) =>
      cut(row, columns).map(({ text, style }) => paint(style, text)).join("") + "\x1b[K"
    ).join("\r\n");
    device.write((this.#hasScreen ? "" : SCREEN_ON) + "\x1b[H" + text);
    this.#hasScreen = true;
  }
}
