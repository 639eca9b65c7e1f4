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
  /** How a client proves an identity. Default: the dialect has no way. */
  readonly proof?: ProofSamples;
  /** Serves the protocol. */
  serve(options: DialectServeOptions): Promise<ServedDialect>;
}

/** The options of a server of a dialect. */
export interface DialectServeOptions {
  /** The most connections at once. Default: as many as the cases open. */
  readonly connections?: number;
  /** The token of the one identity, named `acme`, which every client must prove. Default: there are no identities. */
  readonly token?: string;
}

/** The ways in which a client proves an identity, and the answers. */
export interface ProofSamples {
  /** The greeting of a server with identities. Default: that of the subject. */
  readonly greeting?: string;
  /** A request that needs an identity, with its answer to a client that has one. */
  readonly request: WireSample;
  /** The answer to this request without an identity. */
  readonly refused: string;
  /** The proofs with a token that have the same effect, such as with and without a name, and the answers to a right token. */
  right(token: string): readonly WireSample[];
  /** Proofs that are none although they have the right token, such as with the name of another, and their answers. */
  wrong(token: string): readonly WireSample[];
  /** The answer to a wrong token. */
  readonly wrongToken: string;
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
