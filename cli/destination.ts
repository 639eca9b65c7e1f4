// The server that a command talks to: ADDRESS, a context, LINEUP_ADDRESS, or the default.

import type { Dial } from "../client/mod.ts";
import { isLoopback } from "../net/address.ts";
import { AddressError, parseAddress } from "../net/mod.ts";
import { contextsPath, readContexts } from "./context/contexts_file.ts";
import {
  type CredentialFiles,
  credentialFiles,
  type Credentials,
  readCredentials,
} from "./credentials.ts";
import { dialer } from "./dial.ts";
import { type Flags, nearest, UsageError } from "./flags.ts";
import { note } from "./output.ts";

/** The address of a server that nothing names. */
export const DEFAULT_ADDRESS = "127.0.0.1:5463";

/** A server, and how to connect to it. */
export interface Destination {
  readonly address: string;
  readonly credentials: Credentials;
  readonly dial: Dial;
}

/** The server of a command line. Throws `UsageError`, and `Error` for a wrong file of contexts. */
export function destination(flags: Flags): Destination {
  const { address, from: _, ...saved } = choose(flags);
  needPort(address);
  const credentials = readCredentials(besides(credentialFiles(flags), saved));
  if (credentials.token !== undefined || credentials.tokenFile !== undefined) noteIfPlain(address);
  return { address, credentials, dial: dialer(credentials) };
}

/** The files of flags, and those that a context has besides. A certificate and its key come from one of them. */
function besides(given: CredentialFiles, saved: CredentialFiles): CredentialFiles {
  const proof = given.cert === undefined && given["cert-key"] === undefined ? saved : given;
  return {
    ca: given.ca ?? saved.ca,
    cert: proof.cert,
    "cert-key": proof["cert-key"],
    "token-file": given["token-file"] ?? saved["token-file"],
  };
}

function noteIfPlain(address: string): void {
  const place = parseAddress(address);
  const isPlain = place.transport === "tcp" || place.transport === "ws";
  if (isPlain && !isLoopback(place.hostname)) {
    note(`The token goes to ${address} unencrypted; tls:// would encrypt it.`);
  }
}

/** Throws `AddressError` for a wrong address, and `UsageError` for port 0, which only a server can listen on. */
export function needPort(address: string): void {
  const place = parseAddress(address);
  if (place.transport !== "unix" && place.port === 0) {
    throw new UsageError(`${address}: the port of a server is 1 to 65535.`);
  }
}

/** A sentence that says where the address of a command line without ADDRESS comes from. */
export function explainDestination(flags: Flags): string {
  return choose(flags).from;
}

/** A server, and a sentence that says where it comes from. */
interface ChosenServer extends CredentialFiles {
  readonly address: string;
  readonly from: string;
}

function choose({ address, context }: Flags): ChosenServer {
  if (address !== undefined) {
    if (context !== undefined) throw new UsageError("ADDRESS and --context exclude each other.");
    return { address, from: "" };
  }
  const variable = context === undefined ? Deno.env.get("LINEUP_ADDRESS") : undefined;
  if (variable) {
    try {
      parseAddress(variable);
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      throw new UsageError(`LINEUP_ADDRESS is wrong: ${error.message}.`);
    }
    return { address: variable, from: "LINEUP_ADDRESS names this server." };
  }
  const { contexts, current } = readContexts(contextsPath(Deno.env));
  const name: string | undefined = context ?? current;
  if (name === undefined) {
    const from = "It is the default; ADDRESS, LINEUP_ADDRESS or `lineup context use` name another.";
    return { address: DEFAULT_ADDRESS, from };
  }
  needContext(name, contexts);
  return { ...contexts[name], from: `The context ${name} names this server.` };
}

/** Throws `UsageError` for a context that does not exist. */
export function needContext(name: string, contexts: Readonly<Record<string, unknown>>): void {
  if (Object.hasOwn(contexts, name)) return;
  const names = Object.keys(contexts);
  const known = names.length === 0
    ? "; `lineup context add NAME ADDRESS` makes one."
    : nearest(name, names);
  throw new UsageError(`There is no context ${name}${known}`);
}
