import { parseAddress } from "../../net/address.ts";
import { connectStream } from "../../net/deno.ts";
import { resolving } from "../look_up.ts";
import type { Platform } from "./platform.ts";

/** The sockets and the DNS of Deno. */
export const deno: Platform = {
  parseAddress,
  dial: connectStream,
  createLookUp: resolving(resolve),
};

const NAME = /^(?!localhost$)(?=.*[a-z])[^:]+$/i;
const RESOLVE_MS = 2000;

/** The addresses that DNS knows of a name; none without permission for the whole network. */
async function resolve(hostname: string): Promise<readonly string[]> {
  if (!NAME.test(hostname)) return [];
  // Asking without the permission would prompt.
  if ((await Deno.permissions.query({ name: "net" })).state !== "granted") return [];
  const options = { signal: AbortSignal.timeout(RESOLVE_MS) };
  const asked = (["A", "AAAA"] as const).map((type) => Deno.resolveDns(hostname, type, options));
  const answers = await Promise.allSettled(asked as Promise<string[]>[]);
  return answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []);
}
