/** The bytes of one generation, beside bodies that are not stored yet. */
const ROOM = 8 << 20;
/** About the memory of a body and of a buffer beside their bytes, in bytes. */
const EACH = 128;

/** Bodies of jobs whose numbers follow each other. */
class Generation {
  readonly #first: number;
  readonly #stride: number;
  readonly #bodies: (Uint8Array | undefined)[] = [];
  #bytes = 0;
  #buffer: ArrayBufferLike | undefined = undefined;

  constructor(first: number, stride: number) {
    this.#first = first;
    this.#stride = stride;
  }

  get full(): boolean {
    return this.#bytes >= ROOM;
  }

  get last(): number {
    return this.#first + (this.#bodies.length - 1) * this.#stride;
  }

  add(id: number, body: Uint8Array): void {
    const at = this.#placeOf(id);
    while (this.#bodies.length < at) this.#bodies.push(undefined);
    this.#bodies.push(body);
    this.#bytes += EACH;
    // Bodies that came together share a buffer, which lives as long as one of them.
    if (body.buffer === this.#buffer) return;
    this.#buffer = body.buffer;
    this.#bytes += EACH + body.buffer.byteLength;
  }

  get(id: number): Uint8Array | undefined {
    return this.#has(id) ? this.#bodies[this.#placeOf(id)] : undefined;
  }

  delete(id: number): void {
    if (this.#has(id)) this.#bodies[this.#placeOf(id)] = undefined;
  }

  #placeOf(id: number): number {
    return (id - this.#first) / this.#stride;
  }

  #has(id: number): boolean {
    return id >= this.#first && id <= this.last;
  }
}

/**
 * The bodies of the jobs that were put last: those that are not stored yet, and more, so that most are never read back.
 * There are two generations; the older one is dropped as a whole.
 */
export class RecentBodies {
  #young: Generation | undefined = undefined;
  #old: Generation | undefined = undefined;
  #stored = 0;
  readonly #stride: number;

  /** `stride`: see `JobNumbers`. */
  constructor(stride: number) {
    this.#stride = stride;
  }

  /** A job is put; its id is above all before. */
  add(id: number, body: Uint8Array): void {
    let young = this.#young;
    if (young === undefined || (young.full && (this.#old?.last ?? 0) <= this.#stored)) {
      this.#old = young;
      this.#young = young = new Generation(id, this.#stride);
    }
    young.add(id, body);
  }

  /** The body of a job; `undefined` if the store must be asked. */
  get(id: number): Uint8Array | undefined {
    return this.#young?.get(id) ?? this.#old?.get(id);
  }

  /** The jobs up to this id are stored. */
  stored(id: number): void {
    this.#stored = id;
  }

  /** A stored job is done or taken: it is unlikely that its body is needed again. */
  delete(id: number): void {
    this.#young?.delete(id);
    this.#old?.delete(id);
  }
}
