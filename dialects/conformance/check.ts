// Samples as bytes, and how a case fails.

import { encodeText } from "../../protocol/strings.ts";
import type { WireSample } from "./subject.ts";

/** Throws `Error` where something does not hold. */
export function need(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** What is sent. */
export function bytesOf({ send }: Pick<WireSample, "send">): Uint8Array {
  return typeof send === "string" ? encodeText(send) : send;
}

/** Bytes or text for a person: escaped, and not too long. */
export function show(sent: string | Uint8Array): string {
  const text = typeof sent === "string" ? sent : new TextDecoder().decode(sent);
  const short = text.length > 60 ? `${text.slice(0, 40)}… (${text.length} characters)` : text;
  return JSON.stringify(short);
}
