// A list of strings with two ends.

/** The memory of an element beside its characters. */
const ELEMENT_BYTES = 64;

/** The end of a list: `left` is its first element, `right` its last. */
export type End = "left" | "right";

/** A list. An element has a number that grows to the right, so both ends take and give in the same time. */
export class List {
  readonly #elements = new Map<number, string>();
  #first = 0;
  /** The memory of its elements. */
  bytes = 0;

  /** The number of elements. */
  get length(): number {
    return this.#elements.size;
  }

  /** Adds an element. */
  push(end: End, element: string): void {
    const number = end === "left" ? --this.#first : this.#first + this.length;
    this.#elements.set(number, element);
    this.bytes += ELEMENT_BYTES + element.length;
  }

  /** Removes an element. The list must have one. */
  pop(end: End): string {
    const number = end === "left" ? this.#first++ : this.#first + this.length - 1;
    const element = this.#elements.get(number)!;
    this.#elements.delete(number);
    this.bytes -= ELEMENT_BYTES + element.length;
    return element;
  }

  /** Removes up to `count` elements, and no more once they take `bytes` of memory. */
  popMany(end: End, count: number, bytes: number): string[] {
    const popped: string[] = [];
    for (const before = this.bytes; popped.length < count && this.length > 0;) {
      if (before - this.bytes >= bytes) break;
      popped.push(this.pop(end));
    }
    return popped;
  }

  /** The elements from one index to another, both counted from the left and included. */
  slice(from: number, to: number): string[] {
    const slice: string[] = [];
    for (let index = from; index <= to; index++) {
      slice.push(this.#elements.get(this.#first + index)!);
    }
    return slice;
  }
}
