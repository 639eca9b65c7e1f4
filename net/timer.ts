// Timers for waits of any length. They are not those of @std/async: every wait of Lineup runs on a clock that is
// handed in.

/** The longest wait of the platform's timers in ms: a longer one overflows 32 bits, and fires at once. */
export const LONGEST_WAIT = 2 ** 31 - 1;

/** Calls `action` once, `ms` milliseconds from now, at most `LONGEST_WAIT`. The function returned cancels it. */
export type SetTimer = (ms: number, action: () => void) => () => void;

const setTimer: SetTimer = (ms, action) => {
  const timer = setTimeout(action, ms);
  return () => clearTimeout(timer);
};

/**
 * Calls `action` once, `ms` milliseconds from now: at once for 0 and less, never for `Infinity`. A wait may be longer
 * than the platform's longest. Throws `RangeError` for NaN. The function returned cancels it.
 */
export function after(ms: number, action: () => void, set: SetTimer = setTimer): () => void {
  if (Number.isNaN(ms)) throw new RangeError("a wait is a number of milliseconds, not NaN");
  let left = ms;
  let cancel = (): void => {};
  const wait = (): void => {
    if (left <= LONGEST_WAIT) cancel = set(Math.max(0, left), action);
    else if (left < Infinity) {
      left -= LONGEST_WAIT;
      cancel = set(LONGEST_WAIT, wait);
    }
  };
  wait();
  return () => cancel();
}

/** Resolves after `ms` milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void after(ms, resolve));
}
