// The type of a limit of the server, as data.

import type { ServeOptions } from "@lineup/lineup/server";

/** A step: a client connects and sends, time passes, and the test checks the results. */
export interface Step {
  /** The address of the client; it connects when it is first named. */
  readonly by?: string;
  /** The bytes that it sends first. */
  readonly sends?: string | Uint8Array;
  /** The HOLDs and WAITs that then end, by name, with the word that they answer. */
  readonly lets?: Readonly<Record<string, string>>;
  /** The ms that then pass. */
  readonly passes?: number;
  /** The ms by which the event loop is late. */
  readonly late?: number;
  /** All bytes that the client got since the last check; with the greeting only where `stranger`. */
  readonly gets?: string | RegExp;
  readonly stranger?: boolean;
  /** Whether the server has ended the client's connection. */
  readonly ends?: boolean;
  /** Whether the client does not read, except `reads` bytes at the beginning of a step. */
  readonly deaf?: boolean;
  readonly reads?: number;
  /** The names of all HOLDs and WAITs that have started since the start of the server. */
  readonly started?: string;
  /** The last entry of the server's log. */
  readonly logs?: string;
}

/** A limit, a run that stays below it, and a run that reaches it. */
export interface Limit {
  readonly what: string;
  readonly options: ServeOptions;
  readonly below: readonly Step[];
  readonly at: readonly Step[];
  /** The figure of STATS that is higher after `at` than before it. */
  readonly figure: string;
  /** The request of another client after every step, and its answer. Default `SAY hello`. */
  readonly polite?: readonly [asks: string, gets: string];
}

export const x = (count: number): string => "x".repeat(count);
export const A = "192.0.2.1:1", B = "192.0.2.2:1", C = "192.0.2.3:1", LOCAL = "127.0.0.1:1";
// While every seat is taken, the server answers control work only.
export const PING = ["PING", "OK pong"] as const;
export const BUSY = 'ERR busy "The server has too much to do." retry=100\n';
export const GREETING =
  'OK lineup/1 tests/1.0 max-line=8192 max-body=1048576 max-in-flight=256 auth=none hint="Type HELP"\r\n';
