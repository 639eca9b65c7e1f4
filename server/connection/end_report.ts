import { StreamError } from "../../net/stream_error.ts";
import type { Clock } from "../../scheduling/clock.ts";
import type { Telemetry } from "../telemetry.ts";

/** What is told of a connection that ends. */
export interface ReportedConnection {
  readonly peer: string;
  /** How many requests named a command. */
  readonly requests: number;
  /** How many failures were answered. */
  readonly failures: number;
}

/** Tells telemetry how a connection ends, and why. */
export class EndReport {
  /** Whether something was told. */
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

  /** It ends; `code` is that of the failure that ends it. */
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

  /** An error ends it. A `StreamError` is the client's fault, all else the server's. */
  failed(error: unknown): void {
    if (error instanceof StreamError) return this.ended(undefined, error.message);
    this.told = true;
    const { peer: client } = this.#connection;
    this.#telemetry.tell({ kind: "connection-failed", client, error });
  }

  /** It is closed at once because of what the client does. */
  dropped(why: string, bytes?: number): void {
    this.told = true;
    this.#telemetry.counters.dropped++;
    const { peer: client } = this.#connection;
    this.#telemetry.tell({ kind: "connection-dropped", client, why, bytes });
  }
}
