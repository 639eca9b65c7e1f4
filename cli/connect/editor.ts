// The editor of one line: keys become text, or an intent such as "the line was entered".
//
// Ours, because node:readline and the prompt libraries own the terminal: here output comes above the line, and hints and
// mistakes below it, while it is being typed. This file knows no terminal and no clock.

import { commonPrefix, type Completion } from "./completion.ts";
import type { Key } from "../keys.ts";
import { LineText } from "./line_text.ts";
import { Search } from "./search.ts";

/** The request of a key besides a change of the line. */
export type Intent =
  /** A line is entered. */
  | { readonly kind: "line"; readonly text: string }
  /** Lines are pasted. The text after the last line end stays in the editor. */
  | { readonly kind: "lines"; readonly texts: readonly string[] }
  | { readonly kind: "interrupt" | "end" | "clear" | "suspend" };

/** The list of Tab. */
export interface Menu {
  readonly completion: Completion;
  /** The candidate in the line; -1 for none. */
  readonly chosen: number;
}

/** The sources of an editor: history and completion. */
export interface EditorSource {
  /** The lines of history, oldest first. */
  readonly history: () => readonly string[];
  readonly complete: (text: string, cursor: number) => Completion;
}

/** An editor with the keys of Emacs and the shells. */
export class Editor {
  readonly #source: EditorSource;
  readonly #line = new LineText();
  #menu: Menu & { readonly before: { text: string; cursor: number } } | undefined;
  #search: Search | undefined;
  /** The line of history that is shown; beyond its end, the new line. */
  #at = Infinity;
  #draft = "";

  /** An empty line. */
  constructor(source: EditorSource) {
    this.#source = source;
  }

  /** The text. */
  get text(): string {
    return this.#line.text;
  }

  /** The place in `text` for the next character. */
  get cursor(): number {
    return this.#line.cursor;
  }

  /** The list of Tab, while it is shown. */
  get menu(): Menu | undefined {
    return this.#menu;
  }

  /** The search through history, while it goes on. */
  get search(): Search | undefined {
    return this.#search;
  }

  /** Replaces the line. */
  reset(text = "", cursor = text.length): void {
    this.#line.replace(text, cursor);
    this.#line.forget();
    this.#menu = undefined;
    this.#search = undefined;
    this.#at = Infinity;
  }

  /** Takes one key. */
  press(key: Key): Intent | undefined {
    if (key.kind === "paste") return this.#paste(key.text);
    if (this.#search !== undefined) {
      const step = this.#search.press(key, this.#source.history());
      if (step === "stay") return undefined;
      const { found, place } = this.#search;
      this.#search = undefined;
      if (step === "abort") return undefined;
      if (found !== undefined) this.#line.replace(found, place);
    }
    if (key.kind === "text") {
      this.#menu = undefined;
      this.#line.insert(key.text);
      return undefined;
    }
    return this.#press(key.name);
  }

  #press(name: string): Intent | undefined {
    if (name === "tab" || name === "S-tab") {
      this.#complete(name === "tab" ? 1 : -1);
      return undefined;
    }
    const menu = this.#menu;
    this.#menu = undefined;
    if (name === "escape" && menu !== undefined) {
      this.#line.replace(menu.before.text, menu.before.cursor);
      return undefined;
    }
    switch (name) {
      case "enter":
        return this.#enter();
      case "C-c":
        return { kind: "interrupt" };
      case "C-d":
        if (this.#line.text === "") return { kind: "end" };
        break;
      case "C-l":
        return { kind: "clear" };
      case "C-z":
        return { kind: "suspend" };
      case "C-r":
      case "C-s":
        this.#search = new Search(this.#source.history());
        return undefined;
      case "up":
      case "C-p":
        return this.#browse(-1);
      case "down":
      case "C-n":
        return this.#browse(1);
      case "M-<":
        return this.#browse(-Infinity);
      case "M->":
        return this.#browse(Infinity);
    }
    this.#line.press(name);
    return undefined;
  }

  #enter(): Intent {
    const { text } = this.#line;
    this.reset();
    return { kind: "line", text };
  }

  /** Enters the lines of a paste as they are, without completion. */
  #paste(text: string): Intent | undefined {
    this.#menu = undefined;
    this.#search = undefined;
    const [first, ...rest] = text.split("\n");
    this.#line.insert(first);
    if (rest.length === 0) return undefined;
    const last = rest.pop()!;
    const texts = [this.#line.text, ...rest];
    this.reset(last);
    return { kind: "lines", texts };
  }

  #browse(step: number): undefined {
    const history = this.#source.history();
    const from = Math.min(this.#at, history.length);
    const to = Math.min(Math.max(from + step, 0), history.length);
    if (to === from) return undefined;
    if (from === history.length) this.#draft = this.#line.text;
    const text = to === history.length ? this.#draft : history[to];
    this.reset(text);
    this.#at = to;
    return undefined;
  }

  /** The first Tab inserts the common beginning of all candidates and lists them. The next ones go through the list. */
  #complete(step: number): void {
    if (this.#menu !== undefined) {
      const { completion, chosen, before } = this.#menu;
      const count = completion.candidates.length;
      // After the last candidate the line as it was comes again.
      const next = (chosen + 1 + step + count + 1) % (count + 1) - 1;
      this.#menu = { completion, chosen: next, before };
      if (next < 0) this.#line.replace(before.text, before.cursor);
      else this.#put(before.text, completion, completion.candidates[next].text);
      return;
    }
    const { text, cursor } = this.#line;
    const completion = this.#source.complete(text, cursor);
    const { candidates } = completion;
    if (candidates.length === 0) return;
    if (candidates.length === 1) {
      const [{ text: word, whole }] = candidates;
      const spaced = whole && !/^\s/.test(text.slice(completion.end));
      this.#put(text, completion, word + (spaced ? " " : ""));
      return;
    }
    const prefix = commonPrefix(candidates);
    if (prefix.length > cursor - completion.start) this.#put(text, completion, prefix);
    const before = { text: this.#line.text, cursor: this.#line.cursor };
    const end = Math.max(completion.end + before.text.length - text.length, completion.start);
    this.#menu = { completion: { ...completion, end }, chosen: -1, before };
  }

  #put(text: string, { start, end }: Completion, word: string): void {
    this.#line.replace(text.slice(0, start) + word + text.slice(end), start + word.length);
  }
}
