// Host names: to the addresses behind them. lineup.browser.js has browser_resolve.ts instead.

import type { Address } from "../net/address.ts";
import type { ByteStream } from "../net/stream.ts";
import type { Clock } from "../scheduling/clock.ts";
import { type Host, toHost } from "./hosts.ts";

const AGAIN_MS = 10_000;

/**
 * What looks up the hosts of a client, again where it did not within the last 10 s. Hosts that are still there stay as
 * they are; the connections of those that are not are closed. TLS needs names, TCP does not: where `resolve` rejects or
 * knows no address of one, it stays as well.
 */
export function createLookUp(
  places: readonly (Address | ByteStream)[],
  resolve: (hostname: string) => Promise<readonly string[]> = resolveName,
  clock: Clock,
): () => Promise<readonly Host[]> {
  let hosts = new Map<string, Host>();
  let doneAt = -Infinity;

  async function find(place: Address | ByteStream): Promise<(Address | ByteStream)[]> {
    if ("read" in place || place.transport !== "tcp") return [place];
    const names = await resolve(place.hostname).catch(() => []);
    return names.length === 0 ? [place] : names.map((hostname) => ({ ...place, hostname }));
  }

  return async () => {
    const now = clock.now();
    if (now - doneAt >= AGAIN_MS) {
      doneAt = now;
      const found = (await Promise.all(places.map(find))).flat().map(toHost);
      const old = hosts;
      hosts = new Map(found.map((host) => [host.name, old.get(host.name) ?? host]));
      for (const [name, { session }] of old) if (!hosts.has(name)) session?.close();
    }
    return [...hosts.values()];
  };
}

const NAME = /^(?!localhost$)(?=.*[a-z])[^:]+$/i;
const RESOLVE_MS = 2000;

/** The addresses that DNS knows of a name, where this runtime can ask and may. */
async function resolveName(hostname: string): Promise<readonly string[]> {
  const deno = (globalThis as { Deno?: typeof Deno }).Deno;
  if (deno?.resolveDns === undefined || !NAME.test(hostname)) return [];
  // Asking without the permission would prompt.
  if ((await deno.permissions.query({ name: "net" })).state !== "granted") return [];
  const options = { signal: AbortSignal.timeout(RESOLVE_MS) };
  const asked = (["A", "AAAA"] as const).map((type) => deno.resolveDns(hostname, type, options));
  const answers = await Promise.allSettled(asked as Promise<string[]>[]);
  return answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []);
}
