// Checks of cases, and samples as bytes.

import { encodeText } from "../../protocol/strings.ts";
import type { WireSample } from "./subject.ts";

/** Throws an `Error` with the message `otherwise` unless the condition holds. */
export function need(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** The input of a sample, as bytes. */
export function bytesOf({ send }: Pick<WireSample, "send">): Uint8Array {
  return typeof send === "string" ? encodeText(send) : send;
}

/** Bytes or text for a message: escaped and shortened. */
export function show(sent: string | Uint8Array): string {
  const text = typeof sent === "string" ? sent : new TextDecoder().decode(sent);
  const short = text.length > 60 ? `${text.slice(0, 40)}… (${text.length} characters)` : text;
  return JSON.stringify(short);
}
