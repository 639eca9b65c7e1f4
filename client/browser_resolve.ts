// What resolve.ts is for browsers: a WebSocket is given names, and a page cannot ask what is behind them.

import type { Address } from "../net/address.ts";

/** The addresses themselves. */
export function resolveAll(addresses: readonly Address[]): Promise<readonly Address[]> {
  return Promise.resolve(addresses);
}

/** Is never asked: it is what `resolve` is where nobody gives one. */
export function resolveName(): Promise<readonly string[]> {
  return Promise.resolve([]);
}
