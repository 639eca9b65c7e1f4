/** The most names of a block: so many are moved when one is added or removed. */
const BLOCK = 512;
/** How many names an iteration reads at once. */
const PAGE = 100;

/**
 * Names in order. An iteration keeps one page, not a copy of all names; names that come and go meanwhile change no other.
 * Time: O(log n) and one block.
 */
export class SortedNames {
  readonly #blocks: string[][] = [];

  /** Adds a name that it does not have. */
  add(name: string): void {
    const at = Math.max(0, this.#blockOf(name));
    const block = this.#blocks[at];
    if (block === undefined) {
      this.#blocks.push([name]);
      return;
    }
    block.splice(firstFrom(block, name), 0, name);
    if (block.length > BLOCK) this.#blocks.splice(at + 1, 0, block.splice(BLOCK / 2));
  }

  /** Removes a name that it has. */
  delete(name: string): void {
    const at = this.#blockOf(name);
    const block = this.#blocks[at];
    block.splice(firstFrom(block, name), 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
  }

  /** All names, each page as it is at that moment. */
  [Symbol.iterator](): Generator<string, void, void> {
    return this.after("");
  }

  /** The names behind one, which need not be there. */
  *after(name: string): Generator<string, void, void> {
    let page = this.#page(name);
    while (page.length > 0) {
      yield* page;
      page = this.#page(page[page.length - 1]);
    }
  }

  /** The names that begin with a text. No name may come or go meanwhile. */
  *beginningWith(text: string): Generator<string, void, void> {
    for (let at = Math.max(0, this.#blockOf(text)); at < this.#blocks.length; at++) {
      const block = this.#blocks[at];
      for (let i = firstFrom(block, text); i < block.length; i++) {
        if (!block[i].startsWith(text)) return;
        yield block[i];
      }
    }
  }

  /** The first names after `after`. */
  #page(after: string): string[] {
    const page: string[] = [];
    for (let at = Math.max(0, this.#blockOf(after)); at < this.#blocks.length; at++) {
      const block = this.#blocks[at];
      let from = firstFrom(block, after);
      if (block[from] === after) from++;
      page.push(...block.slice(from, from + PAGE - page.length));
      if (page.length === PAGE) break;
    }
    return page;
  }

  /** The index of the last block that starts with this name or one before it; -1 if none does. */
  #blockOf(name: string): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#blocks[middle][0] <= name) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** The index of the first name that is not before this one. */
function firstFrom(block: readonly string[], name: string): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (block[middle] < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
