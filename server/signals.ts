/**
 * Calls `first` at the first signal that asks this process to end, `second` at each one after it. The function returned
 * stops listening for signals.
 */
export function onSignals(first: () => void, second: () => void): () => void {
  let seen = 0;
  const onSignal = (): void => seen++ === 0 ? first() : second();
  // SIGHUP too: a server whose terminal closes also ends gracefully.
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return () => {
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  };
}
