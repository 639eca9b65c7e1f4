// The line that is being typed: keys in, text and what was meant out. No terminal, no clock.

import { commonPrefix, type Completion } from "./completion.ts";
import type { Key } from "../keys.ts";
import { LineText } from "./line_text.ts";
import { Search } from "./search.ts";

/** What a key meant beyond the line itself. */
export type Intent =
  /** A line was entered. */
  | { readonly kind: "line"; readonly text: string }
  /** These lines were pasted; what is behind the last line end is being edited. */
  | { readonly kind: "lines"; readonly texts: readonly string[] }
  | { readonly kind: "interrupt" | "end" | "clear" | "suspend" };

/** What Tab offers, while it does. */
export interface Menu {
  readonly completion: Completion;
  /** Which candidate is in the line; -1 for none yet. */
  readonly chosen: number;
}

/** Where an editor gets what it does not know itself. */
export interface EditorSource {
  /** The lines entered before, oldest first. */
  readonly history: () => readonly string[];
  readonly complete: (text: string, cursor: number) => Completion;
}

/** The keys of Emacs and the shells. */
export class Editor {
  readonly #source: EditorSource;
  readonly #line = new LineText();
  #menu: Menu & { readonly before: { text: string; cursor: number } } | undefined;
  #search: Search | undefined;
  /** Which line of history is shown; its length for the line that is new. */
  #at = Infinity;
  #draft = "";

  /** An empty line. */
  constructor(source: EditorSource) {
    this.#source = source;
  }

  /** What is typed. */
  get text(): string {
    return this.#line.text;
  }

  /** The place in `text` before which the next character goes. */
  get cursor(): number {
    return this.#line.cursor;
  }

  /** The list of Tab. */
  get menu(): Menu | undefined {
    return this.#menu;
  }

  /** The search through history. */
  get search(): Search | undefined {
    return this.#search;
  }

  /** Puts another line in place of this one. */
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
      const through = this.#search.press(key, this.#source.history());
      if (through === "stay") return undefined;
      const { found, place } = this.#search;
      this.#search = undefined;
      if (through === "abort") return undefined;
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

  /** Lines of a paste are entered as they are, and complete nothing. */
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

  /** The first Tab puts in what all candidates have in common and lists them; the next go through the list. */
  #complete(step: number): void {
    if (this.#menu !== undefined) {
      const { completion, chosen, before } = this.#menu;
      const count = completion.candidates.length;
      // One more place than there are candidates: the line as it was.
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
