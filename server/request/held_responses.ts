import type { Sink } from "../../dialects/dialect.ts";

/** Responses of a request that wait for earlier answers. */
export class HeldResponses implements Sink {
  /** The number of their bytes, roughly: text counts one byte a character. */
  size = 0;
  readonly #parts: (string | Uint8Array)[] = [];
  /** The indexes of parts that begin an item with a receipt. */
  readonly #items: number[] = [];

  add(text: string, bytes?: Uint8Array): void {
    this.#parts.push(text);
    this.size += text.length;
    if (bytes === undefined) return;
    this.#parts.push(bytes);
    this.size += bytes.length;
  }

  /** The number of parts. */
  get length(): number {
    return this.#parts.length;
  }

  /** Marks the part at this index: it begins an item with a receipt. */
  markItem(index: number): void {
    this.#items.push(index);
  }

  /** Adds all parts to `out`, in order. Calls `onItem` before each marked item. */
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
