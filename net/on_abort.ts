/** Calls `action` once the signal is aborted. The function returned ends that. */
export function onAbort(signal: AbortSignal | undefined, action: () => void): () => void {
  signal?.addEventListener("abort", action);
  return () => signal?.removeEventListener("abort", action);
}
