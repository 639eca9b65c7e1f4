// Bounds the number of all connections. The last of them are for clients on this machine.

import type { Failure } from "../../dialects/dialect.ts";
import { CONNECTION_RETRY, type ConnectionLimits } from "./connection_limits.ts";
import type { Arrival, ConnectionPolicy, Guest } from "./policy.ts";

/** Bounds the number of all connections. */
export class ConnectionLimiter implements ConnectionPolicy {
  readonly #limits: Readonly<ConnectionLimits>;
  #count = 0;

  constructor(limits: Readonly<ConnectionLimits>) {
    this.#limits = limits;
  }

  admit({ local }: Arrival): Failure | undefined {
    const { connections, connectionsReserved } = this.#limits;
    const most = local ? connections : connections - connectionsReserved;
    if (this.#count < most) return undefined;
    const message = `There are ${connections} connections, as many as may be.`;
    return { code: "busy", message, retry: CONNECTION_RETRY };
  }

  onOutcome(_guest: Guest, outcome: "entered" | "left"): void {
    this.#count += outcome === "entered" ? 1 : -1;
  }
}
