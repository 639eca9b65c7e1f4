// Waits for another process and for the kernel, which tell nobody when something has happened there.

/** Only a test that fails waits as long as this, in ms. */
const BOUND_MS = 60_000;
/** The pause between two questions, in ms: without it, the questions would take the processor from the one they ask about. */
const PAUSE_MS = 5;

/** Resolves once the answer is true. Throws an error that says `what` did not hold after a minute. */
export async function holdsElsewhere(
  ask: () => boolean | Promise<boolean>,
  what: string | (() => string),
): Promise<void> {
  const end = performance.now() + BOUND_MS;
  while (!await ask()) {
    if (performance.now() > end) {
      const said = typeof what === "string" ? what : what();
      throw new Error(`not so in ${BOUND_MS} ms: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
