// A module whose default export is `{ protocol, handlers }`, named on the command line.

import { pathToFileURL } from "node:url";
import { withoutColours } from "../protocol/printable.ts";
import type { Protocol } from "../protocol/spec.ts";
import type { Handlers } from "../server/mod.ts";
import { UsageError } from "./flags.ts";
import { note } from "./output.ts";

// From when on it is told that a module still loads, and how long it may, with all that has to be downloaded, in ms:
// as long as in a worker.
const TOLD_MS = 2000, LOADED_MS = 60_000;

/** What such a module exports. */
export interface ServiceModule {
  /** Where it is. */
  readonly url: string;
  readonly protocol: Protocol;
  readonly handlers?: Handlers<Protocol>;
}

/** Whether a word names a module and not an address. */
export function isModule(word: string): boolean {
  return /^(\.{0,2}\/|file:|https?:|jsr:|npm:)/.test(word) || /\.[cm]?[jt]sx?$/.test(word);
}

/** Imports a module. Throws `UsageError` where it does not export a protocol, and an `Error` where it cannot be loaded. */
export async function importService(word: string): Promise<ServiceModule> {
  const url = /^(file:|https?:|jsr:|npm:)/.test(word) ? word : pathToFileURL(word).href;
  let module: { default?: Partial<ServiceModule> } | undefined;
  try {
    module = await loaded(import(url), word);
  } catch (error) {
    const { message, stack } = error instanceof Error
      ? error
      : { message: String(error), stack: undefined };
    if (message.startsWith(`Module not found "${url}"`)) {
      throw new UsageError(`There is no module ${word}.`);
    }
    // Who writes the module looks for the place; the rest of the way there is ours.
    const [place] = withoutColours(stack ?? message).replace(/^TypeError: /, "")
      .split(/\n +at async (?:loaded|importService) /);
    throw new Error(`${word} cannot be imported: ${place}`, { cause: error });
  }
  if (module === undefined) {
    throw new Error(
      `${word} did not finish loading in ${
        LOADED_MS / 1000
      } s: an await at its top level does not end`,
    );
  }
  const service = module.default;
  if (typeof service?.protocol !== "object") {
    throw new UsageError(`${word} must export default { protocol, handlers }.`);
  }
  return { ...service, url } as ServiceModule;
}

/**
 * Waits for a module, but not for ever: then resolves with `undefined`. Where an await does not end and nothing else is
 * to be done, Deno itself would end the program, and point at an await of ours; a timer keeps it from that.
 */
async function loaded<T>(importing: Promise<T>, word: string): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const told = setTimeout(() => note(`${word} is still loading.`), TOLD_MS);
  const end = setTimeout(() => resolve(undefined), LOADED_MS);
  try {
    return await Promise.race([importing, late]);
  } finally {
    clearTimeout(told);
    clearTimeout(end);
  }
}
