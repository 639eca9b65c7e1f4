// The first line of a server.

import type { Frame } from "../dialects/lineup1/frame.ts";
import { VERSION } from "../dialects/lineup1/version.ts";
import { title } from "../protocol/combine.ts";
import { notLineup, ProtocolError } from "./errors.ts";

/** The protocol and the limits that a server greets with. */
export interface Greeting {
  /** Its protocol's name. */
  readonly name: string;
  /** Its protocol's version. */
  readonly version: string;
  /** Its other protocols, each as `name/version`. */
  readonly also: readonly string[];
  /** Longest line it takes, in bytes. */
  readonly maxLine: number;
  /** Longest body it takes, in bytes. */
  readonly maxBody: number;
  /** Whether the server asks for a token: `none`, `optional`, `required`. */
  readonly auth: string;
  /** The most tagged requests in flight; `Infinity` if the server does not say. */
  readonly maxInFlight: number;
}

/** Reads the line `OK lineup/1 NAME/VERSION max-line= max-body= [max-in-flight=]`. Throws `ProtocolError` for another. */
export function parseGreeting({ head, words, options }: Frame): Greeting {
  const [wire, protocol] = words;
  const [name, version] = protocol?.split("/") ?? [];
  const maxLine = Number(options.get("max-line"));
  const maxBody = Number(options.get("max-body"));
  if (head !== "OK" || wire !== VERSION || !version) {
    const isOther = head === "OK" && wire !== VERSION && /^lineup\/[\w.]{1,20}$/.test(wire ?? "");
    throw notLineup(isOther ? `it greets with ${wire}` : "no greeting");
  }
  if (!(maxLine > 0 && maxBody >= 0)) {
    throw notLineup(`the greeting says max-line=${maxLine} and max-body=${maxBody}`);
  }
  const maxInFlight = Number(options.get("max-in-flight") ?? Infinity);
  if (!(maxInFlight >= 1)) throw notLineup(`the greeting says max-in-flight=${maxInFlight}`);
  const also = options.get("also")?.split(",") ?? [];
  const auth = options.get("auth") ?? "none";
  return { name, version, also, maxLine, maxBody, maxInFlight, auth };
}

/**
 * Sees that the server speaks a protocol: a minor version adds, a major one changes. Returns the protocol to choose where
 * it is not the first one of the server. Throws `ProtocolError`.
 */
export function needProtocol(
  greeting: Greeting,
  needed: { readonly name: string; readonly version: string },
): string | undefined {
  const wanted = title(needed);
  const major = (each: string): string => each.split(".")[0];
  const all = [title(greeting), ...greeting.also];
  const found = all.findIndex((each) => major(each) === major(wanted));
  if (found < 0) throw new ProtocolError(`the server speaks ${all.join(" and ")}, not ${wanted}`);
  return found > 0 ? wanted : undefined;
}
