/** Settles as a promise does, unless the signal is aborted first: then it rejects with the signal's reason. */
export function abortable<T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop);
    // Also where it is aborted already: an unhandled rejection would end the process.
    promise.then(resolve, reject).then(() => signal.removeEventListener("abort", stop));
  });
}
