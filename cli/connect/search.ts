// Ctrl-R: an incremental search through history.

import type { Key } from "../keys.ts";
import { previousCharacter } from "../text_width.ts";

/** The effect of a key: the search goes on, is given up, or ends and the key applies to the line that was found. */
export type SearchStep = "stay" | "abort" | "accept";

/** A search for lines that contain the query, from the newest to the oldest. */
export class Search {
  #query = "";
  #at: number;
  #found: string | undefined;
  #failed = false;

  /** The query is empty. */
  constructor(history: readonly string[]) {
    this.#at = history.length;
  }

  /** The query. */
  get query(): string {
    return this.#query;
  }

  /** The line that was found last. */
  get found(): string | undefined {
    return this.#found;
  }

  /** The place of the query in `found`. */
  get place(): number {
    return Math.max(0, this.#found?.indexOf(this.#query) ?? 0);
  }

  /** Whether no further line contains the query. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Takes one key. */
  press(key: Key, history: readonly string[]): SearchStep {
    if (key.kind === "text") {
      this.#query += key.text;
      this.#look(history, Math.min(this.#at, history.length - 1), -1);
      return "stay";
    }
    switch (key.kind === "press" ? key.name : "") {
      case "C-r":
        this.#look(history, this.#at - 1, -1);
        return "stay";
      case "C-s":
        this.#look(history, this.#at + 1, 1);
        return "stay";
      case "backspace":
        this.#query = this.#query.slice(0, previousCharacter(this.#query, this.#query.length));
        this.#look(history, history.length - 1, -1);
        return "stay";
      case "C-g":
      case "C-c":
        return "abort";
      case "escape":
        return "accept";
      default:
        return "accept";
    }
  }

  #look(history: readonly string[], from: number, step: 1 | -1): void {
    if (this.#query === "") {
      this.#failed = false;
      this.#found = undefined;
      this.#at = history.length;
      return;
    }
    for (let at = from; at >= 0 && at < history.length; at += step) {
      // Skip a line that is the same as the present one.
      if (!history[at].includes(this.#query) || (at !== this.#at && history[at] === this.#found)) {
        continue;
      }
      this.#at = at;
      this.#found = history[at];
      this.#failed = false;
      return;
    }
    this.#failed = true;
  }
}
