// Importing a module whose default export is a service, `{ protocol, handlers }`, or several.

import { pathToFileURL } from "node:url";
import { withoutColours } from "../protocol/printable.ts";
import type { Protocol } from "../protocol/spec.ts";
import { isRecord, SpecError } from "../protocol/spec_error.ts";
import { combine } from "../protocol/combine.ts";
import { compile } from "../dialects/lineup1/compile.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { Service } from "../server/mod.ts";
import { AddressError, parseAddress } from "../net/mod.ts";
import { UsageError } from "./flags.ts";
import { note } from "./output.ts";

/** After this time a note says that a module is still loading. */
const NOTE_MS = 2000;
/** The time in which a module must load, downloads included; a worker has as long. */
const LOADED_MS = 60_000;

/** The exports of a module: by default a service, or several. */
export interface ServiceModule {
  /** The address of the module. */
  readonly url: string;
  /** The dialect that it exports beside them. Default: Lineup/1. */
  readonly dialect: Dialect | undefined;
  /** The services, perhaps without handlers. */
  readonly services: readonly (Partial<Service> & Pick<Service, "protocol">)[];
}

/** Whether a word names a module, not an address. */
export function isModule(word: string): boolean {
  return /^(\.{0,2}\/|file:|https?:|jsr:|npm:)/.test(word) || /\.[cm]?[jt]sx?$/.test(word);
}

/** Throws `UsageError` for a word that is neither a module nor an address. */
export function needModuleOrAddress(word: string | undefined): void {
  if (word === undefined || isModule(word)) return;
  try {
    parseAddress(word);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new UsageError(
      `There is no module ${word}: a module begins with ./ or /, or ends in .ts or .js. ` +
        `It is no address either: ${error.message.slice(`${word}: `.length)}.`,
    );
  }
}

/** The folders of Lineup itself, in frames of a stack. */
const OWN_FRAME = new RegExp(
  `^ +at .*${RegExp.escape(new URL("../", import.meta.url).href)}(?!examples/|tests/)`,
);

/** The lines of an error without the frames of Lineup, which say nothing about the module. */
function withoutOwnFrames(text: string, url: string): string {
  return text.split("\n").filter((line) => !OWN_FRAME.test(line) || line.includes(url)).join("\n");
}

/**
 * Imports a module. Rejects with `UsageError` if it exports no protocol, and with an `Error` that names the module if it
 * cannot be loaded, or its protocol is wrong.
 */
export async function importService(word: string): Promise<ServiceModule> {
  const url = /^(file:|https?:|jsr:|npm:)/.test(word) ? word : pathToFileURL(word).href;
  let module: { default?: unknown; dialect?: unknown } | undefined;
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
    const [, name] = /^Import "(.*)" not a dependency/.exec(message) ?? [];
    const why = withoutOwnFrames(name === undefined ? place : unresolved(name, place), url);
    throw new Error(`${word} cannot be imported: ${why}`, { cause: error });
  }
  if (module === undefined) {
    throw new Error(
      `${word} did not finish loading in ${
        LOADED_MS / 1000
      } s: an await at its top level does not end`,
    );
  }
  const services = [module.default].flat() as Partial<Service>[];
  if (services.length === 0 || services.some((each) => !isRecord(each?.protocol))) {
    throw new UsageError(`${word} must export default { protocol, handlers }.`);
  }
  const { dialect } = module;
  needDialect(dialect, word);
  for (const { protocol } of services) {
    try {
      (dialect?.compile ?? compile)(protocol!);
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      throw new Error(`the protocol of ${word} is wrong: ${error.message}`, { cause: error });
    }
  }
  return { url, dialect, services: services as ServiceModule["services"] };
}

/** Throws `UsageError` for an export `dialect` that is none. */
function needDialect(value: unknown, word: string): asserts value is Dialect | undefined {
  if (value === undefined) return;
  const methods = ["compile", "open", "refuseConnection"];
  if (isRecord(value) && methods.every((name) => typeof value[name] === "function")) return;
  throw new UsageError(`The dialect that ${word} exports is none; lineDialect makes one.`);
}

/** The services of a module, as `serve` takes them. Throws `UsageError` where one has no handlers. */
export function servable({ services }: ServiceModule, word: string): readonly Service[] {
  return services.map(({ handlers, ...service }) => {
    if (handlers === undefined) throw new UsageError(`${word} exports no handlers.`);
    return { ...service, handlers };
  });
}

/** Names the module in an error of `serve` about its handlers. */
export function aboutModule(error: unknown, word: string): unknown {
  const { message } = error as Partial<Error>;
  if (!/^no handler for |^the protocol has no command .* for this handler/.test(message ?? "")) {
    return error;
  }
  return new Error(`the handlers of ${word} are wrong: ${message}`, { cause: error });
}

/** The protocol of a module: of several services, the first version of each as one. Throws `SpecError`. */
export function protocolOf({ services }: ServiceModule): Protocol {
  const protocols = services.map(({ protocol }) => protocol);
  const [first, ...more] = protocols.filter(({ name }, i) =>
    protocols.findIndex((each) => each.name === name) === i
  );
  if (more.length === 0) return first;
  for (const each of protocols) compile(each);
  return combine(first, ...more) as Protocol;
}

/**
 * Explains an import by a name that a deno.json gives. Deno's own hint, to add the package, does not help: the deno.json
 * of the module's folder is not that of an installed `lineup`.
 */
function unresolved(name: string, place: string): string {
  return `the import "${name}" is in no deno.json of this lineup\n` +
    `An installed lineup does not read the deno.json beside a module. Import "jsr:${name}", ` +
    `or run \`deno run -A jsr:@lineup/lineup/cli\` in that folder in place of \`lineup\`.` +
    place.replace(/[^]*?(?=\n +at )/, "");
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
