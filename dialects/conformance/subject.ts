// What the suite of all dialects needs of one.

import type { ByteStream } from "../../net/stream.ts";
import type { Protocol } from "../../protocol/spec.ts";
import type { Dialect, WireLimits } from "../dialect.ts";

/** Bytes for a server, and what it must answer: exactly, but that `…` stands for any text, line ends included. */
export interface WireSample {
  /** What is sent. */
  readonly send: string | Uint8Array;
  /** What must be answered, as UTF-8. */
  readonly expect: string;
  /** Whether the server ends the connection behind that. Default false. */
  readonly ends?: boolean;
}

/** A dialect with samples of what it speaks, and a server of it. */
export interface DialectSubject {
  /** The dialect. */
  readonly dialect: Dialect;
  /** What is served. */
  readonly protocol: Protocol;
  /** The longest line and body that the samples are made for. */
  readonly limits: WireLimits;
  /** What the server sends before anything was sent to it; empty where it says nothing. */
  readonly greeting: string;
  /** Requests, at least two, that are answered at once; each answer is the same whatever else is sent. */
  readonly requests: readonly WireSample[];
  /** Input that is no request. */
  readonly invalid: readonly WireSample[];
  /** Input that is longer than `limits`. */
  readonly overlong: readonly WireSample[];
  /** Beginnings of requests, behind which the input ends. */
  readonly unfinished: readonly WireSample[];
  /** A request that is answered once `ServedDialect.release` is called, and not before. */
  readonly slow: WireSample;
  /** What a connection gets that is one too many. */
  readonly refused: string;
  /** Serves the protocol, with at most so many connections where `connections` is given. */
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
  /** Begins to shut it down; resolves once it is. */
  shutdown(): Promise<void>;
}

/** One test, for any runner: it throws, or rejects with, an `Error` that says what is wrong. */
export interface DialectCase {
  /** What it is about: unique. */
  readonly name: string;
  /** Runs it. */
  run(): void | Promise<void>;
}
