// Importing a module whose default export is `{ protocol, handlers }`.

import { pathToFileURL } from "node:url";
import { withoutColours } from "../protocol/printable.ts";
import type { Protocol } from "../protocol/spec.ts";
import type { Handlers } from "../server/mod.ts";
import { UsageError } from "./flags.ts";
import { note } from "./output.ts";

/** After this time a note says that a module is still loading. */
const NOTE_MS = 2000;
/** The time in which a module must load, downloads included; a worker has as long. */
const LOADED_MS = 60_000;

/** The default export of a module. */
export interface ServiceModule {
  /** The address of the module. */
  readonly url: string;
  readonly protocol: Protocol;
  readonly handlers?: Handlers<Protocol>;
}

/** Whether a word names a module, not an address. */
export function isModule(word: string): boolean {
  return /^(\.{0,2}\/|file:|https?:|jsr:|npm:)/.test(word) || /\.[cm]?[jt]sx?$/.test(word);
}

/** Imports a module. Rejects with `UsageError` if it exports no protocol, and with `Error` if it cannot be loaded. */
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
    // Keep the place in the module; drop the frames of this file.
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
 * Waits for a module; resolves with `undefined` after the time limit. The timer also keeps Deno from ending the program
 * with a message about an await of ours, when an await of the module never ends.
 */
async function loaded<T>(importing: Promise<T>, word: string): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const noting = setTimeout(() => note(`${word} is still loading.`), NOTE_MS);
  const end = setTimeout(() => resolve(undefined), LOADED_MS);
  try {
    return await Promise.race([importing, late]);
  } finally {
    clearTimeout(noting);
    clearTimeout(end);
  }
}
