/**
 * Wraps handlers of events: passes their exceptions to `fail`, which ends the connection. An exception that leaves a
 * handler would end the process.
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
