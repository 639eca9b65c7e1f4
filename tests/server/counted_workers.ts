// Deno's sanitizers do not see a worker that is left.

let alive = 0;

const { Worker } = globalThis;
globalThis.Worker = class extends Worker {
  #ended = false;

  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options);
    alive++;
  }

  override terminate(): void {
    if (!this.#ended) alive--;
    this.#ended = true;
    super.terminate();
  }
};

/** How many workers were started since the import of this module, and not ended. */
export function workersAlive(): number {
  return alive;
}
