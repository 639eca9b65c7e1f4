// Contexts: named servers, in a file of the person. The file is read and checked as a whole, and written as a whole.

import { dirname } from "node:path";
import { AddressError, parseAddress } from "../../net/mod.ts";
import type { CredentialFiles } from "../credentials.ts";
import { readText } from "../input.ts";
import { type Environment, ownFile } from "../own_files.ts";
import { note } from "../output.ts";
import { newFile } from "../private_file.ts";
import { reason } from "../reason.ts";

/** A named server. */
export interface NamedServer extends CredentialFiles {
  readonly address: string;
}

/** The files that a context may name: never the text of a token. */
export const FILES: readonly (keyof CredentialFiles)[] = ["ca", "cert", "cert-key", "token-file"];

/** All contexts. */
export interface Contexts {
  /** The name of the context in use. */
  readonly current?: string;
  readonly contexts: Readonly<Record<string, NamedServer>>;
}

const MOST_BYTES = 1 << 20;
const MOST_CONTEXTS = 1000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** How a name of a context is written. */
export const NAME_RULE = 'a letter or a digit, then at most 63 letters, digits, ".", "_" or "-"';

/** Whether a text can be the name of a context. */
export function isContextName(text: string): boolean {
  return NAME.test(text);
}

/** The file of contexts; `undefined` without a home. */
export function contextsPath(env: Environment): string | undefined {
  return ownFile("config", "contexts.json", env);
}

/** The contexts of a file; none if there is no file. Throws an `Error` that names what is wrong with the file. */
export function readContexts(path: string | undefined): Contexts {
  const text = path === undefined ? undefined : readWhole(path);
  if (text === undefined) return { contexts: {} };
  try {
    return check(JSON.parse(text));
  } catch (error) {
    throw new Error(`the contexts in ${path} are wrong: ${reason(error)}`, { cause: error });
  }
}

function readWhole(path: string): string | undefined {
  try {
    const { isFile, size, mode } = Deno.statSync(path);
    if (!isFile) throw new Error("it is not a file");
    if (size > MOST_BYTES) throw new Error(`it has more than ${MOST_BYTES} bytes`);
    // Another user could name a server of his own.
    if (((mode ?? 0) & 0o022) !== 0) throw new Error("other users may write it; chmod 600 it");
    if (((mode ?? 0) & 0o044) !== 0) note(`Other users can read ${path}; chmod 600 it.`);
    return readText(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    // The message of a missing permission must stay as it is.
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Error(`the contexts in ${path} cannot be read: ${reason(error)}`, { cause: error });
  }
}

/** Checks everything in the file. Throws an `Error` for the first thing that is wrong. */
function check(value: unknown): Contexts {
  const { current, contexts = {}, ...more } = asObject(value, "it");
  needNothing(more, "it");
  const entries = Object.entries(asObject(contexts, "contexts"));
  if (entries.length > MOST_CONTEXTS) {
    throw new Error(`it has ${entries.length} contexts; the most is ${MOST_CONTEXTS}`);
  }
  const checked = entries.map(([name, each]): [string, NamedServer] => {
    if (!isContextName(name)) throw new Error(`${name} is not a name: ${NAME_RULE}`);
    return [name, checkContext(each, `contexts.${name}`)];
  });
  const all = Object.fromEntries(checked);
  if (current === undefined) return { contexts: all };
  if (typeof current !== "string" || !Object.hasOwn(all, current)) {
    throw new Error(`current is ${JSON.stringify(current)}, and no context has this name`);
  }
  return { current, contexts: all };
}

function checkContext(value: unknown, where: string): NamedServer {
  const { address, ...more } = asObject(value, where);
  if (typeof address !== "string") throw new Error(`${where}.address must be a text`);
  try {
    parseAddress(address);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new Error(`${where}.address: ${error.message}`);
  }
  const files = Object.fromEntries(FILES.map((name) => [name, more[name]]));
  needNothing(Object.fromEntries(Object.entries(more).filter(([name]) => !(name in files))), where);
  for (const [name, file] of Object.entries(files)) {
    if (file === undefined || (typeof file === "string" && file.startsWith("/"))) continue;
    throw new Error(`${where}.${name} must be the path of a file, from the root`);
  }
  const given = Object.entries(files).filter(([, file]) => file !== undefined);
  return { address, ...Object.fromEntries(given) };
}

function asObject(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new Error(`${where} must be an object`);
}

function needNothing(more: object, where: string): void {
  const [name] = Object.keys(more);
  if (name !== undefined) throw new Error(`${where} has an unknown field ${name}`);
}

/** Writes contexts; a new file is private. Throws an `Error`. */
export function writeContexts(path: string, contexts: Contexts): void {
  Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  using file = newFile(path, true);
  file.write(new TextEncoder().encode(JSON.stringify(contexts, null, 2) + "\n"));
  file.finish();
}
