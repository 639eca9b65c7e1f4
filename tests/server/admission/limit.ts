// What a limit of a server is, as data.

import type { ServeOptions } from "@lineup/lineup/server";

/** What one client does and sees, or what happens. */
export interface Step {
  /** The address of the client; it connects when it is first named. */
  readonly by?: string;
  /** What it sends first. */
  readonly sends?: string | Uint8Array;
  /** HOLD and WAIT that go on then, by name, with the word they answer. */
  readonly lets?: Readonly<Record<string, string>>;
  /** So many ms pass then. */
  readonly passes?: number;
  /** By so many ms the event loop is late from here on. */
  readonly late?: number;
  /** All that the client has got since it was last looked at, byte by byte; the greeting only where `stranger`. */
  readonly gets?: string | RegExp;
  readonly stranger?: boolean;
  /** Whether the server has ended the client's connection. */
  readonly ends?: boolean;
  /** The client does not read, but so many bytes at the beginning of a step. */
  readonly deaf?: boolean;
  readonly reads?: number;
  /** HOLD and WAIT that have started, all since the start. */
  readonly started?: string;
  /** The last entry of the server's log. */
  readonly logs?: string;
}

/** One limit. */
export interface Limit {
  readonly what: string;
  readonly options: ServeOptions;
  readonly below: readonly Step[];
  readonly at: readonly Step[];
  /** The figure of STATS that is higher behind `at` than before it. */
  readonly figure: string;
  /** What another client asks all the while, and is answered. Default `SAY hello`. */
  readonly polite?: readonly [asks: string, gets: string];
}

export const x = (count: number): string => "x".repeat(count);
export const A = "192.0.2.1:1", B = "192.0.2.2:1", C = "192.0.2.3:1", LOCAL = "127.0.0.1:1";
// While every seat is taken only control work is answered.
export const PING = ["PING", "OK pong"] as const;
export const BUSY = 'ERR busy "The server has too much to do." retry=100\n';
export const GREETING =
  'OK lineup/1 tests/1.0 max-line=8192 max-body=1048576 auth=none hint="Type HELP"\r\n';
