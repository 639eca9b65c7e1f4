import { StreamError } from "../../net/stream_error.ts";
import type { Clock } from "../../scheduling/clock.ts";
import type { Telemetry } from "../telemetry.ts";

/** The facts of a connection that ends. */
export interface ReportedConnection {
  readonly peer: string;
  /** The number of requests that named a command. */
  readonly requests: number;
  /** The number of failures that were answered. */
  readonly failures: number;
}

/** Tells telemetry how a connection ends, and why. */
export class EndReport {
  /** Whether an event was emitted. */
  told = false;
  readonly #connection: ReportedConnection;
  readonly #telemetry: Telemetry;
  readonly #clock: Clock;
  readonly #since: number;

  constructor(connection: ReportedConnection, telemetry: Telemetry, clock: Clock) {
    this.#connection = connection;
    this.#telemetry = telemetry;
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** Reports its end. `code` is the code of the failure that ends it. */
  ended(code?: string, why?: string): void {
    this.told = true;
    const { peer: client, requests, failures: errors } = this.#connection;
    const seconds = Math.round((this.#clock.now() - this.#since) / 100) / 10;
    this.#telemetry.tell({
      kind: "connection-ended",
      client,
      requests,
      errors,
      seconds,
      code,
      why,
    });
  }

  /** Reports the error that ends it. A `StreamError` is the client's fault, another error the server's. */
  failed(error: unknown): void {
    if (error instanceof StreamError) return this.ended(undefined, error.message);
    this.told = true;
    const { peer: client } = this.#connection;
    this.#telemetry.tell({ kind: "connection-failed", client, error });
  }

  /** Reports that it is closed at once because of its client. */
  dropped(why: string, bytes?: number): void {
    this.told = true;
    this.#telemetry.counters.dropped++;
    const { peer: client } = this.#connection;
    this.#telemetry.tell({ kind: "connection-dropped", client, why, bytes });
  }
}
