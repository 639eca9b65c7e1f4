/** Calls `action` once the signal is aborted. The function returned stops listening. */
export function onAbort(signal: AbortSignal | undefined, action: () => void): () => void {
  signal?.addEventListener("abort", action);
  return () => signal?.removeEventListener("abort", action);
}
