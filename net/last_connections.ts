// A listener of a shared port that is about to be closed. The system resets the connections that wait for it then, so they
// are accepted first. New ones go on to come until it is closed, so the last ones are those before a quiet moment.

/** The most turns of the event loop to wait for a quiet moment. */
const MOST_TURNS = 1000;
/** A moment is quiet when nothing has come for so many turns. */
const QUIET_TURNS = 2;

/**
 * Resolves in a quiet moment: close the listener at once then.
 *
 * @param count how many connections were accepted so far
 * @param turn resolves once the event loop has served everything else
 */
export async function quietMoment(count: () => number, turn: () => Promise<void>): Promise<void> {
  for (let quiet = 0, turns = 0; quiet < QUIET_TURNS && turns < MOST_TURNS; turns++) {
    const before = count();
    await turn();
    quiet = count() === before ? quiet + 1 : 0;
  }
}
