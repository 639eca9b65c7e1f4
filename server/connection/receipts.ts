// What of answers has left the server: a handler that gives something away takes back what nobody was told of.

/** What is known of the output of a connection, in bytes since its beginning. */
export interface Progress {
  /** Where what is added next begins. */
  readonly position: number;
  /** How many have left. */
  readonly written: number;
}

/**
 * Is told which items of an answer were not sent, counted from 0: those from `from` up to, and without, `to`; or, where
 * `mayBeRead`, that they left and a reset followed: most likely nobody has read them.
 */
export type UnsentAction = (from: number, to: number, mayBeRead: boolean) => void;

// A client that has ended its side is sent two bytes ahead of the others, and nobody reads a job in them.
const AHEAD = 2;

// What a client reads in one piece, at least: with more on its way, a reset says little of the first of it.
const ONE_READ = 4096;
// A reset that comes later may be one of the network between, to a client that is there.
const SOON_MS = 2000;

/** Items of an answer, counted from 0. */
interface Range {
  readonly receipt: Receipt;
  readonly from: number;
  readonly to: number;
}

/** The items of one answer, until they have left. */
export class Receipt {
  /** Where each begins; Infinity for one that waits for the answer before it. */
  readonly starts: number[] = [];
  /** How many have left. */
  sent = 0;
  /** Whether some have not. */
  open = false;
  readonly action: UnsentAction;

  /** None yet. */
  constructor(action: UnsentAction) {
    this.action = action;
  }
}

/** The receipts of one connection. */
export class Receipts {
  readonly #output: Progress;
  readonly #now: () => number;
  #open: Receipt[] = [];
  /** What left with the last write, nothing having come from the client since. */
  #latest: Range[] = [];
  #latestAt = 0;
  /** How many bytes had left when that was looked at last. */
  #settled = 0;

  /** Of what goes to this output. */
  constructor(output: Progress, now: () => number) {
    this.#output = output;
    this.#now = now;
  }

  /** Whether anything that must not get lost waits to be written. */
  get owed(): boolean {
    return this.#open.length > 0;
  }

  /** The next item of an answer is added to the output. */
  add(receipt: Receipt): void {
    this.#add(receipt, this.#output.position);
  }

  /** The next item of an answer waits for the answer before it. */
  hold(receipt: Receipt): void {
    this.#add(receipt, Infinity);
  }

  #add(receipt: Receipt, start: number): void {
    receipt.starts.push(start);
    if (receipt.open) return;
    receipt.open = true;
    this.#open.push(receipt);
  }

  /** Items that waited are added anew. */
  release(receipt: Receipt): void {
    receipt.starts.length = receipt.sent;
  }

  /** Whether it is not known yet whether the client has read what left last. */
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

  /** The client has sent something: it goes on. */
  heard(): void {
    if (this.#latest.length > 0) this.#latest = [];
  }

  /** The connection was reset: most likely the client has not read what left last, a moment ago. */
  unread(): void {
    if (this.#now() - this.#latestAt > SOON_MS) return;
    for (const { receipt, from, to } of this.#latest.splice(0)) receipt.action(from, to, true);
  }

  /** Nothing more will be written. */
  close(): void {
    for (const receipt of this.#open.splice(0)) {
      const from = this.#sent(receipt);
      if (from < receipt.starts.length) receipt.action(from, receipt.starts.length, false);
    }
  }

  #sent(receipt: Receipt): number {
    const { starts } = receipt;
    const { written } = this.#output;
    while (receipt.sent < starts.length && starts[receipt.sent] + AHEAD < written) receipt.sent++;
    return receipt.sent;
  }
}
