/** How many one generation holds. */
const ROOM = 1 << 16;

/**
 * The names of queues and keys seen lately, so that a million jobs of a thousand keys hold a thousand names. In two
 * generations, the older of which is dropped as a whole.
 */
export class Names {
  #young = new Map<string, string>();
  #old = new Map<string, string>();

  /** The name that others have of the same letters, or this one. */
  share(name: string): string {
    const young = this.#young.get(name);
    if (young !== undefined) return young;
    const shared = this.#old.get(name) ?? name;
    if (this.#young.size === ROOM) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(shared, shared);
    return shared;
  }
}
