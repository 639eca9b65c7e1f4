// Asks the rules of admission in their order, and tells them the outcome.

import type { Failure, WireRequest } from "../../dialects/dialect.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import type { Counters } from "../telemetry.ts";
import type {
  Arrival,
  ConnectionPolicy,
  Denial,
  Guest,
  RequestOutcome,
  RequestPolicies,
  RequestPolicy,
} from "./policy.ts";

/** Admits the connections of some listeners. */
export class ConnectionAdmission {
  readonly #policies: readonly ConnectionPolicy[];
  readonly #counters: Counters;
  readonly #guests = new Set<Guest>();

  constructor(policies: readonly ConnectionPolicy[], counters: Counters) {
    this.#policies = policies;
    this.#counters = counters;
  }

  /** The failure that a connection gets instead of being served; where there is none, `enter` must follow at once. */
  admit(arrival: Arrival): Failure | undefined {
    for (const policy of this.#policies) {
      const failure = policy.admit(arrival);
      if (failure === undefined) continue;
      this.#counters.connectionsRefused[failure.code as "busy" | "quota"]++;
      return failure;
    }
  }

  /** An admitted connection is served from now on. */
  enter(guest: Guest): void {
    this.#guests.add(guest);
    for (const policy of this.#policies) policy.onOutcome?.(guest, "entered");
  }

  /** A connection has ended, or gives way to another. May be called again. */
  leave(guest: Guest): void {
    if (!this.#guests.delete(guest)) return;
    for (const policy of this.#policies) policy.onOutcome?.(guest, "left");
  }
}

/** Admits the requests of one connection. */
export class RequestAdmission {
  /** Why a request is not scheduled; `undefined` where it is. */
  readonly admit: (
    request: WireRequest,
    command: CompiledCommand | undefined,
  ) => Denial | undefined;
  readonly #listeners: readonly RequestPolicy[];

  constructor(policies: RequestPolicies) {
    this.admit = inOrder(policies);
    this.#listeners = policies.filter((policy) => policy !== undefined)
      .filter((policy) => policy.onOutcome !== undefined);
  }

  /** Tells all rules the outcome of a request, see `RequestPolicy.onOutcome`. */
  onOutcome(outcome: RequestOutcome, retry: number): void {
    for (const policy of this.#listeners) policy.onOutcome!(outcome, retry);
  }
}

// Written out instead of a loop: each call then has one target, which is compiled into this function. In a loop the
// calls would take a tenth of a short request.
function inOrder([a, b, c, d, e, f, g, h]: RequestPolicies): RequestAdmission["admit"] {
  return (request, command) =>
    a?.admit?.(request, command) ?? b?.admit?.(request, command) ??
      c?.admit?.(request, command) ?? d?.admit?.(request, command) ??
      e?.admit?.(request, command) ?? f?.admit?.(request, command) ??
      g?.admit?.(request, command) ?? h?.admit?.(request, command);
}
