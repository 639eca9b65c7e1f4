// Which items of the answers have left the server: a handler that gives something away takes back what nobody got.

/** How far the output of a connection is, in bytes since its beginning. */
export interface OutputPosition {
  /** Where what is added next begins. */
  readonly position: number;
  /** How many bytes have left. */
  readonly written: number;
}

/**
 * Is told which items of an answer were not sent, counted from 0: those from `from` up to, and without, `to`. Where
 * `mayBeRead`, they were sent and a reset followed: most likely the client has not read them.
 */
export type UnsentAction = (from: number, to: number, mayBeRead: boolean) => void;

// A client that has ended its side is sent two bytes ahead of the others, which are not enough of an item to read it.
const PROBE_BYTES = 2;
// A client reads at least so much in one piece: where more was on its way, a reset says little of the first of it.
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
  /** Where each begins in the output; Infinity for one that waits for the answer before it. */
  readonly starts: number[] = [];
  /** How many have left. */
  sent = 0;
  /** Whether some have not left. */
  open = false;
  readonly action: UnsentAction;

  /** Has no items yet. */
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
  /** How many bytes had left at the last `settle`. */
  #settled = 0;

  constructor(output: OutputPosition, now: () => number) {
    this.#output = output;
    this.#now = now;
  }

  /** Whether items wait to be written that must not get lost. */
  get owed(): boolean {
    return this.#open.length > 0;
  }

  /** The next item of an answer was added to the output, at `start`; Infinity where it waits for the answer before it. */
  add(receipt: Receipt, start: number): void {
    receipt.starts.push(start);
    if (receipt.open) return;
    receipt.open = true;
    this.#open.push(receipt);
  }

  /** The items that waited for the answer before them are added anew. */
  release(receipt: Receipt): void {
    receipt.starts.length = receipt.sent;
  }

  /** Whether it is not known yet that the client has read what left last. */
  get unanswered(): boolean {
    return this.#latest.length > 0;
  }

  /** All that was taken to be written has left. */
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

  /** The client has sent something, so it goes on. */
  heard(): void {
    if (this.#latest.length > 0) this.#latest = [];
  }

  /** The connection was reset: most likely the client has not read what left a moment ago. */
  unread(): void {
    if (this.#now() - this.#latestAt > SOON_MS) return;
    for (const { receipt: { action }, from, to } of this.#latest.splice(0)) action(from, to, true);
  }

  /** Nothing more will be written. */
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
