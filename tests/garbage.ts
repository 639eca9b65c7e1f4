// The garbage of a process that runs with `--v8-flags=--expose-gc`.

/** V8 frees buffers in another thread and tells nobody, so each collection gets this time, in ms. */
const FREEING_MS = 10;

/** Collects the garbage. Several collections find the objects that others kept alive. */
export async function collectGarbage(): Promise<void> {
  const { gc } = globalThis as unknown as { gc: () => void };
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, FREEING_MS));
  }
}
