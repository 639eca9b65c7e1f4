/** The actions of a server at the signals of its process. */
export interface SignalActions {
  /** The first SIGINT or SIGTERM. */
  readonly end: (signal: Deno.Signal) => void;
  /** Each one after it. */
  readonly endNow: (signal: Deno.Signal) => void;
  /** Each SIGHUP. It never ends the server: service managers send it to have files read again. */
  readonly reload: () => void;
}

/** Listens for signals. The function returned stops listening. */
export function onSignals({ end, endNow, reload }: SignalActions): () => void {
  let seen = 0;
  const listeners = [
    ...(["SIGINT", "SIGTERM"] as const).map((signal) => ({
      signal,
      onSignal: (): void => seen++ === 0 ? end(signal) : endNow(signal),
    })),
    { signal: "SIGHUP" as const, onSignal: reload },
  ];
  for (const { signal, onSignal } of listeners) Deno.addSignalListener(signal, onSignal);
  return () => {
    for (const { signal, onSignal } of listeners) Deno.removeSignalListener(signal, onSignal);
  };
}
