// Input that a framer cannot read.

import type { ErrorCode } from "../../protocol/errors.ts";

/** Input outside the grammar. */
export interface Malformed {
  /** Tells it from the others that a framer yields. */
  readonly kind: "malformed";
  /** The code of the answer. */
  readonly code: ErrorCode & ("bad-syntax" | "line-too-long" | "body-too-large" | "wrong-protocol");
  /** Says what is wrong and what would be right. */
  readonly message: string;
  /** The tag of the line, where it could be read. */
  readonly tag: string | undefined;
  /** Framing is lost: nothing more can be read from this stream. */
  readonly fatal: boolean;
}
