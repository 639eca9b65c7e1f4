// Host names: to the addresses behind them. lineup.browser.js has browser_resolve.ts instead.

import type { Address } from "../net/address.ts";

/** The addresses of a name; `resolve` rejecting or knowing none, the name itself. TLS needs the name, TCP does not. */
export async function resolveAll(
  addresses: readonly Address[],
  resolve: (hostname: string) => Promise<readonly string[]>,
): Promise<Address[]> {
  const found = await Promise.all(addresses.map(async (address) => {
    if (address.transport !== "tcp") return [address];
    const names = await resolve(address.hostname).catch(() => []);
    return names.length === 0 ? [address] : names.map((hostname) => ({ ...address, hostname }));
  }));
  return found.flat();
}

const NAME = /^(?!localhost$)(?=.*[a-z])[^:]+$/i;
const RESOLVE_MS = 2000;

/** The addresses that DNS knows of a name, where this runtime can ask and may. */
export async function resolveName(hostname: string): Promise<readonly string[]> {
  const deno = (globalThis as { Deno?: typeof Deno }).Deno;
  if (deno?.resolveDns === undefined || !NAME.test(hostname)) return [];
  // Asking without the permission would prompt.
  if ((await deno.permissions.query({ name: "net" })).state !== "granted") return [];
  const options = { signal: AbortSignal.timeout(RESOLVE_MS) };
  const asked = (["A", "AAAA"] as const).map((type) => deno.resolveDns(hostname, type, options));
  const answers = await Promise.allSettled(asked as Promise<string[]>[]);
  return answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []);
}
