/** The most ids of a block: so many are moved when one is removed. */
const BLOCK = 512;
/** The room of the first block at first. */
const LEAST = 8;

/** Some ids that follow each other. */
interface IdBlock {
  ids: Float64Array;
  size: number;
}

/** The ids of the jobs of a queue, in order. A page can be read from anywhere. Time: O(log n) and one block. */
export class JobIdIndex {
  /** How many ids it has. */
  size = 0;
  readonly #blocks: IdBlock[] = [];

  /** Adds an id, which must be above all before it. */
  add(id: number): void {
    let last = this.#blocks.at(-1);
    if (last === undefined || last.size === BLOCK) {
      last = { ids: new Float64Array(last === undefined ? LEAST : BLOCK), size: 0 };
      this.#blocks.push(last);
    }
    if (last.size === last.ids.length) {
      const { ids } = last;
      last.ids = new Float64Array(2 * ids.length);
      last.ids.set(ids);
    }
    last.ids[last.size++] = id;
    this.size++;
  }

  /** Removes an id. */
  remove(id: number): void {
    this.size--;
    const at = this.#blockOf(id);
    const block = this.#blocks[at];
    if (block.size === 1) {
      this.#blocks.splice(at, 1);
      return;
    }
    const index = firstFrom(block, id);
    block.ids.copyWithin(index, index + 1, block.size--);
  }

  /** The first ids above `after`, at most `limit`. */
  page(after: number, limit: number): number[] {
    const page: number[] = [];
    for (let at = Math.max(0, this.#blockOf(after)); at < this.#blocks.length; at++) {
      const block = this.#blocks[at];
      const from = block.ids[0] > after ? 0 : firstFrom(block, after + 1);
      for (let i = from; i < block.size; i++) {
        if (page.length === limit) return page;
        page.push(block.ids[i]);
      }
    }
    return page;
  }

  /** The index of the last block that starts with this id or a smaller one; -1 if none does. */
  #blockOf(id: number): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#blocks[middle].ids[0] <= id) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** The index of the first id that is not below this one. */
function firstFrom({ ids, size }: IdBlock, id: number): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ids[middle] < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
