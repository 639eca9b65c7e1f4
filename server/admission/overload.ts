// A server under pressure takes no further connections, but from this machine.

import type { Failure } from "../../dialects/dialect.ts";
import { CONNECTION_RETRY } from "./connection_limits.ts";
import type { Arrival, ConnectionPolicy } from "./policy.ts";
import type { Pressure } from "./pressure.ts";

/** Refuses connections while there is too much to do. */
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
