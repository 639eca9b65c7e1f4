// Input that a framer cannot read.

import type { ErrorCode } from "../../protocol/errors.ts";

/** Input outside the grammar. */
export interface Malformed {
  /** Distinguishes it from the other results of a framer. */
  readonly kind: "malformed";
  /** The code of the answer. */
  readonly code: ErrorCode & ("bad-syntax" | "line-too-long" | "body-too-large" | "wrong-protocol");
  /** Says what is wrong and what is right. */
  readonly message: string;
  /** The tag of the line; `undefined` where it has none or is unreadable. */
  readonly tag: string | undefined;
  /** Framing is lost: nothing more can be read from this stream. */
  readonly fatal: boolean;
}
