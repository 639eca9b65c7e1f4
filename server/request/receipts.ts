// Keeps account of the items of answers that have left the server. A handler that gives something away takes back the
// items that no client got.

/** The progress of a connection's output, in bytes since its beginning. */
export interface OutputPosition {
  /** The position of the next byte that is added. */
  readonly position: number;
  /** The number of bytes that have left. */
  readonly written: number;
}

/**
 * Called with the items of an answer that were not sent, counted from 0: from `from` up to, and without, `to`. Where
 * `mayBeRead`, they were sent and a reset followed: most likely the client has not read them.
 */
export type UnsentAction = (from: number, to: number, mayBeRead: boolean) => void;

// A client that has ended its side gets two bytes ahead of the others. They are not enough of an item to read it.
const PROBE_BYTES = 2;
// A client reads at least this many bytes in one piece. If more were on their way, a reset tells little of the first
// ones.
const ONE_READ = 4096;
// A later reset may come from the network between, with a client that is there.
const SOON_MS = 2000;

/** Items of an answer, counted from 0. */
interface ItemRange {
  readonly receipt: Receipt;
  readonly from: number;
  readonly to: number;
}

/** The items of one answer, until they have left. */
export class Receipt {
  /** The position of each in the output; Infinity for an item that waits for an earlier answer. */
  readonly starts: number[] = [];
  /** The number of items that have left. */
  sent = 0;
  /** Whether some have not left. */
  open = false;
  readonly action: UnsentAction;

  /** Makes an account without items. */
  constructor(action: UnsentAction) {
    this.action = action;
  }
}

/** The receipts of one connection. */
export class Receipts {
  readonly #output: OutputPosition;
  readonly #now: () => number;
  #open: Receipt[] = [];
  /** Items that left with the last write, where nothing has come from the client since. */
  #latest: ItemRange[] = [];
  #latestAt = 0;
  /** The number of bytes that had left at the last `settle`. */
  #settled = 0;

  constructor(output: OutputPosition, now: () => number) {
    this.#output = output;
    this.#now = now;
  }

  /** Whether items wait to be written that must not get lost. */
  get owed(): boolean {
    return this.#open.length > 0;
  }

  /** Records the next item of an answer, at `start` in the output; Infinity where it waits for an earlier answer. */
  add(receipt: Receipt, start: number): void {
    receipt.starts.push(start);
    if (receipt.open) return;
    receipt.open = true;
    this.#open.push(receipt);
  }

  /** Forgets the items that waited for an earlier answer: they are recorded anew. */
  release(receipt: Receipt): void {
    receipt.starts.length = receipt.sent;
  }

  /** Whether the server does not know yet that the client has read the items that left last. */
  get unanswered(): boolean {
    return this.#latest.length > 0;
  }

  /** Called when all bytes that were passed to writes have left. */
  settle(): void {
    const { written } = this.#output;
    const isBrief = written - this.#settled <= ONE_READ;
    this.#settled = written;
    this.heard();
    if (this.#open.length === 0) return;
    let left = 0;
    for (const receipt of this.#open) {
      const from = receipt.sent;
      const to = this.#sent(receipt);
      if (isBrief && to > from) this.#latest.push({ receipt, from, to });
      receipt.open = to < receipt.starts.length;
      if (receipt.open) this.#open[left++] = receipt;
    }
    this.#open.length = left;
    if (this.#latest.length > 0) this.#latestAt = this.#now();
  }

  /** Called when the client has sent something: it is there. */
  heard(): void {
    if (this.#latest.length > 0) this.#latest = [];
  }

  /** Called at a reset of the connection: most likely the client has not read the items that left a moment ago. */
  unread(): void {
    if (this.#now() - this.#latestAt > SOON_MS) return;
    for (const { receipt: { action }, from, to } of this.#latest.splice(0)) action(from, to, true);
  }

  /** Called when nothing more will be written. */
  close(): void {
    for (const receipt of this.#open.splice(0)) {
      const from = this.#sent(receipt);
      const { action, starts } = receipt;
      if (from < starts.length) action(from, starts.length, false);
    }
  }

  #sent(receipt: Receipt): number {
    const { starts } = receipt;
    const { written } = this.#output;
    while (receipt.sent < starts.length && starts[receipt.sent] + PROBE_BYTES < written) {
      receipt.sent++;
    }
    return receipt.sent;
  }
}
