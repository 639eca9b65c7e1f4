// One line of text, its cursor, and the keys that change them.

import { nextCharacter, previousCharacter } from "../text_width.ts";

/** The most changes that can be undone. */
const MOST_UNDO = 200;
const WORD = /[\p{L}\p{N}\p{M}_]/u;

/** The line before a change. */
interface UndoState {
  readonly text: string;
  readonly cursor: number;
}

/** A line with a cursor, the last cut, and undo. */
export class LineText {
  #text = "";
  #cursor = 0;
  #cut = "";
  #undo: UndoState[] = [];
  #lastWasInsert = false;
  #lastWasCut = false;

  /** The text. */
  get text(): string {
    return this.#text;
  }

  /** The place for the next character. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Replaces the text. */
  replace(text: string, cursor: number): void {
    if (text !== this.#text) this.#remember();
    this.#text = text;
    this.#cursor = cursor;
    this.#lastWasInsert = this.#lastWasCut = false;
  }

  /** Forgets the changes so far: they cannot be undone. */
  forget(): void {
    this.#undo = [];
  }

  /** Inserts text at the cursor. Characters typed one after the other are undone together, a word at a time. */
  insert(text: string): void {
    if (text === "") return;
    if (!this.#lastWasInsert || text === " ") this.#remember();
    this.#splice(this.#cursor, this.#cursor, text);
    this.#lastWasInsert = true;
    this.#lastWasCut = false;
  }

  /** Applies a key; a key without an action does nothing. */
  press(name: string): void {
    const act = ACTIONS[name];
    if (act === undefined) return;
    const wasCut = this.#lastWasCut;
    this.#lastWasInsert = this.#lastWasCut = false;
    switch (act.kind) {
      case "move":
        this.#cursor = act.to(this.#text, this.#cursor);
        return;
      case "delete":
      case "cut": {
        const to = act.to(this.#text, this.#cursor);
        if (to === this.#cursor) return;
        const [start, end] = to < this.#cursor ? [to, this.#cursor] : [this.#cursor, to];
        if (act.kind === "cut") {
          const cut = this.#text.slice(start, end);
          this.#cut = !wasCut ? cut : to < this.#cursor ? cut + this.#cut : this.#cut + cut;
          this.#lastWasCut = true;
        }
        this.#remember();
        this.#splice(start, end, "");
        return;
      }
      case "paste":
        this.insert(this.#cut);
        this.#lastWasInsert = false;
        return;
      case "undo":
        this.#takeBack();
        return;
      case "transpose":
        this.#transpose();
    }
  }

  #splice(start: number, end: number, text: string): void {
    this.#text = this.#text.slice(0, start) + text + this.#text.slice(end);
    this.#cursor = start + text.length;
  }

  #remember(): void {
    this.#undo.push({ text: this.#text, cursor: this.#cursor });
    if (this.#undo.length > MOST_UNDO) this.#undo.shift();
  }

  #takeBack(): void {
    const state = this.#undo.pop();
    if (state === undefined) return;
    this.#text = state.text;
    this.#cursor = state.cursor;
  }

  /** Exchanges the characters around the cursor; at the end of the line, the last two. */
  #transpose(): void {
    const middle = this.#cursor === this.#text.length
      ? previousCharacter(this.#text, this.#cursor)
      : this.#cursor;
    const start = previousCharacter(this.#text, middle);
    const end = nextCharacter(this.#text, middle);
    if (start === middle || middle === end) return;
    this.#remember();
    this.#splice(start, end, this.#text.slice(middle, end) + this.#text.slice(start, middle));
  }
}

/** Where a key moves the cursor. */
type To = (text: string, cursor: number) => number;

type Action =
  | { readonly kind: "move" | "delete" | "cut"; readonly to: To }
  | { readonly kind: "paste" | "undo" | "transpose" };

const toStart: To = () => 0;
const toEnd: To = (text) => text.length;

const wordBefore: To = (text, cursor) => {
  while (cursor > 0 && !WORD.test(text[cursor - 1])) cursor--;
  while (cursor > 0 && WORD.test(text[cursor - 1])) cursor--;
  return cursor;
};

const wordBehind: To = (text, cursor) => {
  while (cursor < text.length && !WORD.test(text[cursor])) cursor++;
  while (cursor < text.length && WORD.test(text[cursor])) cursor++;
  return cursor;
};

const spaceBefore: To = (text, cursor) => {
  while (cursor > 0 && text[cursor - 1] === " ") cursor--;
  while (cursor > 0 && text[cursor - 1] !== " ") cursor--;
  return cursor;
};

const ACTIONS: Readonly<Record<string, Action>> = {
  "C-a": { kind: "move", to: toStart },
  home: { kind: "move", to: toStart },
  "C-e": { kind: "move", to: toEnd },
  end: { kind: "move", to: toEnd },
  "C-b": { kind: "move", to: previousCharacter },
  left: { kind: "move", to: previousCharacter },
  "C-f": { kind: "move", to: nextCharacter },
  right: { kind: "move", to: nextCharacter },
  "M-b": { kind: "move", to: wordBefore },
  "C-left": { kind: "move", to: wordBefore },
  "M-left": { kind: "move", to: wordBefore },
  "M-f": { kind: "move", to: wordBehind },
  "C-right": { kind: "move", to: wordBehind },
  "M-right": { kind: "move", to: wordBehind },
  backspace: { kind: "delete", to: previousCharacter },
  delete: { kind: "delete", to: nextCharacter },
  "C-d": { kind: "delete", to: nextCharacter },
  "C-k": { kind: "cut", to: toEnd },
  "C-u": { kind: "cut", to: toStart },
  "C-w": { kind: "cut", to: spaceBefore },
  "M-backspace": { kind: "cut", to: wordBefore },
  "M-d": { kind: "cut", to: wordBehind },
  "C-y": { kind: "paste" },
  "C-_": { kind: "undo" },
  "C-t": { kind: "transpose" },
};
