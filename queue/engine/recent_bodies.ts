/** How many bytes one generation holds, beyond bodies that are not stored yet. */
const ROOM = 8 << 20;
/** What a body and a buffer take beside their bytes, about. */
const EACH = 128;

/** Bodies of jobs whose numbers follow each other. */
class Generation {
  readonly #first: number;
  readonly #bodies: (Uint8Array | undefined)[] = [];
  #bytes = 0;
  #buffer: ArrayBufferLike | undefined = undefined;

  constructor(first: number) {
    this.#first = first;
  }

  get full(): boolean {
    return this.#bytes >= ROOM;
  }

  get last(): number {
    return this.#first + this.#bodies.length - 1;
  }

  add(body: Uint8Array): void {
    this.#bodies.push(body);
    this.#bytes += EACH;
    // Bodies that came together share a buffer, which is there for as long as one of them is.
    if (body.buffer === this.#buffer) return;
    this.#buffer = body.buffer;
    this.#bytes += EACH + body.buffer.byteLength;
  }

  get(id: number): Uint8Array | undefined {
    return this.#has(id) ? this.#bodies[id - this.#first] : undefined;
  }

  delete(id: number): void {
    if (this.#has(id)) this.#bodies[id - this.#first] = undefined;
  }

  #has(id: number): boolean {
    return id >= this.#first && id <= this.last;
  }
}

/**
 * The bodies of the jobs that were put last: those not stored yet, and some more, so that most are never read back.
 *
 * In two generations, the older of which is dropped as a whole.
 */
export class RecentBodies {
  #young: Generation | undefined = undefined;
  #old: Generation | undefined = undefined;
  #stored = 0;

  /** A job is put; its number is the one behind the last. */
  add(id: number, body: Uint8Array): void {
    let young = this.#young;
    if (young === undefined || (young.full && (this.#old?.last ?? 0) <= this.#stored)) {
      this.#old = young;
      this.#young = young = new Generation(id);
    }
    young.add(body);
  }

  /** The body of a job; `undefined` where the store has to be asked. */
  get(id: number): Uint8Array | undefined {
    return this.#young?.get(id) ?? this.#old?.get(id);
  }

  /** The jobs up to this number are stored. */
  stored(id: number): void {
    this.#stored = id;
  }

  /** A stored job is done or taken: nobody is likely to ask for its body again. */
  delete(id: number): void {
    this.#young?.delete(id);
    this.#old?.delete(id);
  }
}
