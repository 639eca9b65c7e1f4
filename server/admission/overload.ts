// A server under pressure takes further connections from this machine only.

import type { Failure } from "../../dialects/dialect.ts";
import { CONNECTION_RETRY } from "./connection_limits.ts";
import type { Arrival, ConnectionPolicy } from "./policy.ts";
import type { Pressure } from "./pressure.ts";

/** Refuses connections while the server is under pressure. */
export class Overload implements ConnectionPolicy {
  readonly #pressure: Pressure;

  constructor(pressure: Pressure) {
    this.#pressure = pressure;
  }

  admit({ local }: Arrival): Failure | undefined {
    if (local || !this.#pressure.refusesConnections) return undefined;
    const message = "The server has too much to do to take another connection.";
    return { code: "busy", message, retry: CONNECTION_RETRY };
  }
}
