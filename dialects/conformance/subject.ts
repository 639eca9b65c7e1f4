// The parts of a dialect that the suite needs.

import type { ByteStream } from "../../net/stream.ts";
import type { Protocol } from "../../protocol/spec.ts";
import type { Dialect, WireLimits } from "../dialect.ts";

/** Input, and its exact answer. `…` in the answer stands for any text, line ends included. */
export interface WireSample {
  /** The input. */
  readonly send: string | Uint8Array;
  /** The answer, as UTF-8. */
  readonly expect: string;
  /** Whether the server ends the connection behind that. Default false. */
  readonly ends?: boolean;
}

/** A dialect with samples, and a server of it. */
export interface DialectSubject {
  /** The dialect. */
  readonly dialect: Dialect;
  /** The protocol of the server. */
  readonly protocol: Protocol;
  /** The limits of the server. */
  readonly limits: WireLimits;
  /** The greeting of the server; empty where it has none. */
  readonly greeting: string;
  /** Two or more requests, answered at once. No answer may depend on other input. */
  readonly requests: readonly WireSample[];
  /** Input outside the grammar. */
  readonly invalid: readonly WireSample[];
  /** Input that is longer than `limits`. */
  readonly overlong: readonly WireSample[];
  /** Unfinished requests at the end of the input. */
  readonly unfinished: readonly WireSample[];
  /** A request that is not answered before `ServedDialect.release` is called. */
  readonly slow: WireSample;
  /** The answer to a refused connection. */
  readonly refused: string;
  /** The text for a connection without requests when the server drains. Default: none. */
  readonly drained?: string;
  /** Serves the protocol. `connections` is the most connections at once; default: as many as the cases open. */
  serve(options: { readonly connections?: number }): Promise<ServedDialect>;
}

/** A server of a dialect. `await using` shuts it down. */
export interface ServedDialect extends AsyncDisposable {
  /** Opens a connection to it. */
  connect(): Promise<ByteStream>;
  /** Resolves once the handler of `DialectSubject.slow` has begun. */
  readonly started: Promise<void>;
  /** Lets that handler answer. */
  release(): void;
  /** Shuts the server down; resolves once it is down. */
  shutdown(): Promise<void>;
}

/** One test, for any runner: it throws, or rejects with, an `Error` that says what is wrong. */
export interface DialectCase {
  /** The rule that it checks: unique. */
  readonly name: string;
  /** Runs it. */
  run(): void | Promise<void>;
}
