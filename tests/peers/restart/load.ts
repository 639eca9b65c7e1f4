// Many clients that call at a steady rate, and the account of their calls.

/** What became of the calls. */
export interface Account {
  /** The numbers of the calls that were answered. */
  readonly answered: number[];
  /** The errors of the others. */
  readonly failed: unknown[];
  /** How often a call was sent again, by the reason. */
  readonly retries: Map<string, number>;
}

/** The load of one run. */
export interface LoadOptions<C extends AsyncDisposable> {
  readonly clients: number;
  /** Calls a second, of all clients. */
  readonly rate: number;
  readonly connect: () => Promise<C>;
  /** Makes the call of a number. It tells why it sends it again. */
  readonly call: (client: C, n: number, onRetry: (why: string) => void) => PromiseLike<unknown>;
}

/** Calls until `during` resolves, and waits for all answers. */
export async function underLoad<C extends AsyncDisposable>(
  { clients: count, rate, connect, call }: LoadOptions<C>,
  during: (account: Account) => Promise<void>,
): Promise<Account> {
  const clients = await Promise.all(Array.from({ length: count }, connect));
  const account: Account = { answered: [], failed: [], retries: new Map() };
  const onRetry = (why: string): void =>
    void account.retries.set(why, (account.retries.get(why) ?? 0) + 1);
  const pending = new Set<Promise<void>>();
  const began = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = (performance.now() - began) / 1000 * rate;
    while (sent < due) {
      const n = ++sent;
      const done = Promise.resolve(call(clients[n % count], n, onRetry)).then(
        () => void account.answered.push(n),
        (error) => void account.failed.push(error),
      ).finally(() => pending.delete(done));
      pending.add(done);
    }
  }, 5);
  try {
    await during(account);
  } finally {
    clearInterval(timer);
    await Promise.all(pending);
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  }
  return account;
}
