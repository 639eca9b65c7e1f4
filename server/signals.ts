/**
 * Calls `first` at the first signal that asks this process to end, `second` at each one after it. The function returned
 * stops listening for signals.
 */
export function onSignals(
  first: (signal: Deno.Signal) => void,
  second: (signal: Deno.Signal) => void,
): () => void {
  let seen = 0;
  // SIGHUP too: a server whose terminal closes also ends gracefully.
  const listeners = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => ({
    signal,
    onSignal: (): void => seen++ === 0 ? first(signal) : second(signal),
  }));
  for (const { signal, onSignal } of listeners) Deno.addSignalListener(signal, onSignal);
  return () => {
    for (const { signal, onSignal } of listeners) Deno.removeSignalListener(signal, onSignal);
  };
}
