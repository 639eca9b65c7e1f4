/** What a promise becomes, unless the signal is aborted first: then its reason is thrown. */
export function abortable<T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop);
    // Also where it is aborted already: a rejection that nobody hears would end the process.
    promise.then(resolve, reject).then(() => signal.removeEventListener("abort", stop));
  });
}
