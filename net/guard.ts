/**
 * Makes handlers of events whose exceptions are given to `fail`, which ends the connection that they are about: an
 * exception that leaves a handler ends the process.
 */
export function guardWith(
  fail: (error: Error) => void,
): <Args extends unknown[]>(handler: (...args: Args) => void) => (...args: Args) => void {
  return (handler) => (...args) => {
    try {
      handler(...args);
    } catch (error) {
      fail(error as Error);
    }
  };
}
