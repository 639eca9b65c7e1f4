// Reading again what may change while a server runs: at SIGHUP, one thing after another.

/** Something that a running server reads again: its configuration, its certificate, a file of a handler's own. */
export interface Reloadable {
  /** Its name in the log: "certificate". */
  readonly name: string;
  /**
   * Reads it again. Returns what it did, in a few words for the log: "3 identities, 1 is new". Throws where something is
   * wrong; it must then have changed nothing.
   */
  reload(): string | Promise<string>;
}

/** The outcome for one of them: what it did, or why nothing changed. */
export type ReloadOutcome =
  & { readonly what: string }
  & ({ readonly did: string } | { readonly why: string });

/**
 * The function that reads all again, in their order, and tells the outcome of each. The list may change meanwhile. A
 * call during a reload makes another one follow: a file may have been written behind the reader.
 */
export function reloader(
  all: Iterable<Reloadable>,
  tell: (outcome: ReloadOutcome) => void,
): () => void {
  let isRunning = false;
  let runsAgain = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    do {
      runsAgain = false;
      for (const each of [...all]) {
        try {
          tell({ what: each.name, did: await each.reload() });
        } catch (error) {
          tell({ what: each.name, why: error instanceof Error ? error.message : String(error) });
        }
      }
    } while (runsAgain);
    isRunning = false;
  };
  return () => {
    if (isRunning) runsAgain = true;
    else void run();
  };
}
