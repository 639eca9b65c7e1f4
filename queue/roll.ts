/** How many numbers a chunk has at most: as many are moved where one leaves. */
const CHUNK = 512;

/** The numbers of the jobs of a queue, in order: from anywhere a page can be read. Time: O(log n) and one chunk. */
export class Roll {
  readonly #chunks: number[][] = [];

  /** Adds a number above all before it. */
  add(id: number): void {
    const last = this.#chunks.at(-1);
    if (last === undefined || last.length === CHUNK) this.#chunks.push([id]);
    else last.push(id);
  }

  /** Takes one out. */
  remove(id: number): void {
    const at = this.#chunkOf(id);
    const chunk = this.#chunks[at];
    if (chunk.length === 1) this.#chunks.splice(at, 1);
    else chunk.splice(firstFrom(chunk, id), 1);
  }

  /** The first numbers above `after`, at most `limit`. */
  page(after: number, limit: number): number[] {
    const page: number[] = [];
    for (let at = Math.max(0, this.#chunkOf(after)); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at];
      const from = chunk[0] > after ? 0 : firstFrom(chunk, after + 1);
      for (let i = from; i < chunk.length; i++) {
        if (page.length === limit) return page;
        page.push(chunk[i]);
      }
    }
    return page;
  }

  /** The index of the last chunk that begins with this number or a smaller one; -1 where none does. */
  #chunkOf(id: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#chunks[middle][0] <= id) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** The index of the first number that is not below this one. */
function firstFrom(chunk: readonly number[], id: number): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chunk[middle] < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
