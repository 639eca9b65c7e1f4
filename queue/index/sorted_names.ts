/** How many names a chunk has at most: as many are moved where one comes or leaves. */
const CHUNK = 512;
/** How many names are read at once by who goes through all of them. */
const PAGE = 100;

/**
 * Names in their order. Who goes through them keeps one page, and not a copy of all: names that come and go meanwhile
 * change no other. Time: O(log n) and one chunk.
 */
export class SortedNames {
  readonly #chunks: string[][] = [];

  /** Adds a name that is not there. */
  add(name: string): void {
    const at = Math.max(0, this.#chunkOf(name));
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([name]);
      return;
    }
    chunk.splice(firstFrom(chunk, name), 0, name);
    if (chunk.length > CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK / 2));
  }

  /** Takes out a name that is there. */
  delete(name: string): void {
    const at = this.#chunkOf(name);
    const chunk = this.#chunks[at];
    chunk.splice(firstFrom(chunk, name), 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** All of them, page by page as they are at that moment. */
  *[Symbol.iterator](): Generator<string, void, void> {
    let page = this.#page("");
    while (page.length > 0) {
      yield* page;
      page = this.#page(page[page.length - 1]);
    }
  }

  /** The first names behind `after`. */
  #page(after: string): string[] {
    const page: string[] = [];
    for (let at = Math.max(0, this.#chunkOf(after)); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at];
      let from = firstFrom(chunk, after);
      if (chunk[from] === after) from++;
      page.push(...chunk.slice(from, from + PAGE - page.length));
      if (page.length === PAGE) break;
    }
    return page;
  }

  /** The index of the last chunk that begins with this name or one before it; -1 where none does. */
  #chunkOf(name: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#chunks[middle][0] <= name) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** The index of the first name that is not before this one. */
function firstFrom(chunk: readonly string[], name: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chunk[middle] < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
