/** How many numbers a chunk has at most: as many are moved where one leaves. */
const CHUNK = 512;
/** And room for how many at first. */
const LEAST = 8;

/** Some numbers that follow each other in the roll. */
interface Chunk {
  ids: Float64Array;
  size: number;
}

/** The numbers of the jobs of a queue, in order: from anywhere a page can be read. Time: O(log n) and one chunk. */
export class JobIdIndex {
  /** How many there are. */
  size = 0;
  readonly #chunks: Chunk[] = [];

  /** Adds a number above all before it. */
  add(id: number): void {
    let last = this.#chunks.at(-1);
    if (last === undefined || last.size === CHUNK) {
      last = { ids: new Float64Array(last === undefined ? LEAST : CHUNK), size: 0 };
      this.#chunks.push(last);
    }
    if (last.size === last.ids.length) {
      const { ids } = last;
      last.ids = new Float64Array(2 * ids.length);
      last.ids.set(ids);
    }
    last.ids[last.size++] = id;
    this.size++;
  }

  /** Takes one out. */
  remove(id: number): void {
    this.size--;
    const at = this.#chunkOf(id);
    const chunk = this.#chunks[at];
    if (chunk.size === 1) {
      this.#chunks.splice(at, 1);
      return;
    }
    const index = firstFrom(chunk, id);
    chunk.ids.copyWithin(index, index + 1, chunk.size--);
  }

  /** The first numbers above `after`, at most `limit`. */
  page(after: number, limit: number): number[] {
    const page: number[] = [];
    for (let at = Math.max(0, this.#chunkOf(after)); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at];
      const from = chunk.ids[0] > after ? 0 : firstFrom(chunk, after + 1);
      for (let i = from; i < chunk.size; i++) {
        if (page.length === limit) return page;
        page.push(chunk.ids[i]);
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
      if (this.#chunks[middle].ids[0] <= id) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** The index of the first number that is not below this one. */
function firstFrom({ ids, size }: Chunk, id: number): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ids[middle] < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
