import type { Sink } from "../../dialects/dialect.ts";

/** Responses of a request that wait for the answers before them. */
export class HeldResponses implements Sink {
  /** Their bytes, nearly: text counts a byte a character. */
  size = 0;
  readonly #parts: (string | Uint8Array)[] = [];
  /** Which parts begin an item whose receipt is kept. */
  readonly #items: number[] = [];

  add(text: string, bytes?: Uint8Array): void {
    this.#parts.push(text);
    this.size += text.length;
    if (bytes === undefined) return;
    this.#parts.push(bytes);
    this.size += bytes.length;
  }

  /** How many parts there are. */
  get length(): number {
    return this.#parts.length;
  }

  /** The part at this index begins an item that has a receipt. */
  markItem(index: number): void {
    this.#items.push(index);
  }

  /** Adds all of them to `out`, in order; calls `onItem` before each marked item. */
  moveTo(out: Sink, onItem: () => void): void {
    let item = 0;
    for (const [i, part] of this.#parts.entries()) {
      if (i === this.#items[item]) {
        item++;
        onItem();
      }
      if (typeof part === "string") out.add(part);
      else out.add("", part);
    }
  }
}
