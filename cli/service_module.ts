// A module whose default export is `{ protocol, handlers }`, named on the command line.

import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import type { Protocol } from "../protocol/spec.ts";
import type { Handlers } from "../server/mod.ts";
import { UsageError } from "./flags.ts";

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

/** Imports a module. Throws `UsageError` where it does not export a protocol. */
export async function importService(word: string): Promise<ServiceModule> {
  const url = /^(file:|https?:|jsr:|npm:)/.test(word) ? word : pathToFileURL(word).href;
  let module: { default?: Partial<ServiceModule> };
  try {
    module = await import(url);
  } catch (error) {
    const { message, stack } = error as Error;
    if (message.startsWith(`Module not found "${url}"`)) {
      throw new UsageError(`There is no module ${word}.`);
    }
    // Who writes the module looks for the place; the rest of the way there is ours.
    const [place] = stripVTControlCharacters(stack ?? message).replace(/^TypeError: /, "")
      .split(/\n +at async importService /);
    throw new Error(`${word} cannot be imported: ${place}`, { cause: error });
  }
  const service = module.default;
  if (typeof service?.protocol !== "object") {
    throw new UsageError(`${word} must export default { protocol, handlers }.`);
  }
  return { ...service, url } as ServiceModule;
}
