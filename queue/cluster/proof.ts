// The proof that a connection is that of a node. The secret itself is not sent.

import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";

/** The proof of a node with this id, by the secret of its cluster. */
export function proofOf(id: string, secret: string): string {
  return createHmac("sha256", secret).update(`lineup node ${id}`).digest("base64url");
}

/** Whether a proof is that of a node with this id. Takes the same time whatever is wrong. */
export function isProof(proof: string, id: string, secret: string): boolean {
  const [given, right] = [Buffer.from(proof), Buffer.from(proofOf(id, secret))];
  return given.length === right.length && timingSafeEqual(given, right);
}
