/** How many bytes one generation holds, beyond bodies that are not stored yet. */
const ROOM = 8 << 20;
/** What an entry takes beside its bytes, about. */
const ENTRY = 256;

/**
 * The bodies of the jobs that were put last: those not stored yet, and some more, so that most are never read back.
 *
 * In two generations, the older of which is dropped as a whole: a JavaScript map that loses its oldest entries one by
 * one walks over their gaps again and again.
 */
export class RecentBodies {
  #young = new Map<number, Uint8Array>();
  #youngBytes = 0;
  #old = new Map<number, Uint8Array>();
  #lastOld = 0;
  #stored = 0;

  /** A job is put; numbers go up. */
  add(id: number, body: Uint8Array): void {
    this.#young.set(id, body);
    this.#youngBytes += ENTRY + body.length;
    if (this.#youngBytes < ROOM || this.#lastOld > this.#stored) return;
    this.#old = this.#young;
    this.#lastOld = id;
    this.#young = new Map();
    this.#youngBytes = 0;
  }

  /** The body of a job; `undefined` where the store has to be asked. */
  get(id: number): Uint8Array | undefined {
    return this.#young.get(id) ?? this.#old.get(id);
  }

  /** The jobs up to this number are stored. */
  stored(id: number): void {
    this.#stored = id;
  }

  /** A stored job is done or taken: nobody is likely to ask for its body again. */
  delete(id: number): void {
    const body = this.#young.get(id);
    if (body === undefined) this.#old.delete(id);
    else {
      this.#young.delete(id);
      this.#youngBytes -= ENTRY + body.length;
    }
  }
}
