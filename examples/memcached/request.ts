// A request of either form of the protocol, text or binary. It knows how its answers are written.

import type { Failure, Invalid, Sink, WireRequest } from "@lineup/lineup/dialects";
import type { Values } from "@lineup/lineup";

/** The writer of a failure. */
export interface FailureWriter {
  writeFailure(failure: Failure, out: Sink): void;
}

/** A request. */
export interface CacheRequest extends WireRequest, FailureWriter {
  /** Its arguments, until `forget`. */
  readonly args: Values;
  writeItem(item: Values, out: Sink): void;
  writeReply(reply: Values, out: Sink): void;
}

/** Input that is no request. */
export interface CacheInvalid extends Invalid, FailureWriter {}

/** The input of a connection, decoded. */
export interface Codec {
  next(): CacheRequest | CacheInvalid | undefined;
}

/** A request without arguments, or one that has forgotten them. */
export const NO_VALUES: Values = Object.freeze({});

/** The memory of arguments, in bytes. */
export function bytesOf(args: Values): number {
  let bytes = 0;
  for (const name in args) {
    const value = args[name] as { length?: number } | undefined;
    bytes += 16 + (value?.length ?? 0);
  }
  return bytes;
}
