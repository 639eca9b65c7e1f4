// The lines that a person enters. A typed line is sent at once; the lines of a paste are sent one after the other, each
// once the request before it is answered.

import { printable } from "../../protocol/printable.ts";
import { counted } from "../figures.ts";
import { type StyledText, styledWidth } from "../styled_text.ts";
import type { Board } from "./board.ts";
import { LOCAL_ARGS } from "./help.ts";
import type { History } from "./history.ts";
import type { LocalCommand } from "./local_commands.ts";
import type { Diagnostic } from "./request_line.ts";
import type { Requests, TerminalRequest } from "./requests.ts";
import { showDiagnostic } from "./view.ts";

/** The most lines that wait. */
const MOST_WAITING = 100_000;

/** The parts that entered lines go to, and the look of the line. */
export interface EnteredLinesOptions {
  readonly requests: Requests;
  readonly board: Board;
  readonly history: History;
  /** The commands of the terminal itself, such as `/help`. */
  readonly commands: Readonly<Record<string, LocalCommand>>;
  readonly prompt: () => StyledText[];
  /** The width of the terminal. */
  readonly columns: () => number;
  /** A request was sent, or a line without one. */
  readonly onSent: (request: TerminalRequest | undefined) => void;
}

/** A line that was read: it can be run, or it is wrong. */
type ReadLine =
  | { readonly run: () => TerminalRequest | undefined }
  | { readonly wrong: Diagnostic };

/** Takes lines. */
export class EnteredLines {
  readonly #options: EnteredLinesOptions;
  #waiting: string[] = [];
  /** The request of a paste whose answer the waiting lines wait for. */
  #awaited: TerminalRequest | undefined;

  /** No line waits yet. */
  constructor(options: EnteredLinesOptions) {
    this.#options = options;
  }

  /** The number of lines that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes a typed line. Returns what is wrong with a request; it was not sent. */
  enter(text: string): Diagnostic | undefined {
    if (this.#waiting.length > 0) {
      this.paste([text]);
      return undefined;
    }
    const { board, history, requests } = this.#options;
    const prompt = this.#options.prompt();
    const isBody = requests.bodyPrompt !== undefined;
    const line = this.#read(text);
    if ("run" in line) {
      this.#echo(prompt, text);
      line.run();
      if (!isBody) history.add(text);
      return undefined;
    }
    if (!isBody) return line.wrong;
    board.addStyled([{ text: printable(line.wrong.message), style: "bad" }]);
    return undefined;
  }

  /** Takes the lines of a paste. */
  paste(texts: readonly string[]): void {
    const room = MOST_WAITING - this.#waiting.length;
    // Not `push(...texts)`: a paste may have more lines than a call may have arguments.
    for (const text of texts.slice(0, room)) this.#waiting.push(text);
    if (texts.length > room) {
      this.#options.board.say(`${counted(texts.length - room, "pasted line")} too many, left out`);
    }
    this.#advance();
  }

  /** A request was answered: the next waiting lines are sent if they waited for it, unless the answer is ERR. */
  answered(request: TerminalRequest, isError: boolean): void {
    if (request !== this.#awaited) return;
    this.#awaited = undefined;
    if (isError) this.drop();
    else this.#advance();
  }

  /** The connection was lost: no line waits for its requests. */
  lost(): void {
    this.#awaited = undefined;
    this.drop();
  }

  /** Forgets the waiting lines. */
  drop(): void {
    const count = this.#waiting.length;
    this.#waiting = [];
    if (count === 0) return;
    this.#options.board.say(`${counted(count, "line")} ${count === 1 ? "is" : "are"} not sent`);
  }

  /** Sends waiting lines up to the first request that has an answer. */
  #advance(): void {
    while (this.#awaited === undefined && this.#waiting.length > 0) {
      this.#awaited = this.#runPasted(this.#waiting.shift()!);
    }
  }

  #runPasted(text: string): TerminalRequest | undefined {
    const { board, history, requests, columns } = this.#options;
    const prompt = this.#options.prompt();
    const isBody = requests.bodyPrompt !== undefined;
    this.#echo(prompt, text);
    const line = this.#read(text);
    if ("run" in line) {
      const sent = line.run();
      if (!isBody) history.add(text);
      return sent;
    }
    for (const row of showDiagnostic(line.wrong, text, styledWidth(prompt), columns())) {
      board.addStyled(row);
    }
    // The lines behind a mistake may build on it.
    this.drop();
    return undefined;
  }

  #read(text: string): ReadLine {
    const { board, commands, requests, onSent } = this.#options;
    if (requests.bodyPrompt === undefined && /^\s*\//.test(text)) {
      const [, name, rest] = /^\s*(\S+)\s*(.*?)\s*$/s.exec(text)!;
      const wrong = (message: string) => ({ wrong: { start: 0, end: text.length, message } });
      if (!Object.hasOwn(commands, name)) {
        return wrong(`The terminal's own commands are ${Object.keys(commands).join(", ")}.`);
      }
      const args = LOCAL_ARGS[name];
      if (args !== undefined && rest === "") return wrong(`${name} needs ${args}.`);
      if (args === undefined && rest !== "") return wrong(`${name} takes nothing behind it.`);
      return {
        run: () => {
          const message = commands[name](rest);
          if (message !== undefined) board.addStyled([{ text: printable(message), style: "bad" }]);
          return undefined;
        },
      };
    }
    const taken = requests.take(text);
    if (taken === undefined) return { run: () => undefined };
    if ("wrong" in taken) return taken;
    return {
      run: () => {
        const sent = taken.send();
        onSent(sent);
        return sent;
      },
    };
  }

  /** Prints a line that was entered, above the prompt. */
  #echo(prompt: readonly StyledText[], text: string): void {
    this.#options.board.addStyled([...prompt, { text, style: "plain" }]);
  }
}
