// The rules of admission in their order. To add a limit: one file with a policy, one line here.

import type { Wording } from "../../dialects/dialect.ts";
import type { ConnectionBounds } from "./connection_bounds.ts";
import { ConnectionLimiter } from "./connection_limiter.ts";
import type { ConnectionLimits } from "./connection_limits.ts";
import { ConnectionsPerClient } from "./connections_per_client.ts";
import { type CorrelatedCount, CorrelatedRequests } from "./correlated_requests.ts";
import type { Draining } from "./draining.ts";
import type { IdentityRule } from "./identity_rule.ts";
import type { KnownCommands } from "./known_commands.ts";
import type { MemoryShedding } from "./memory_shedding.ts";
import { Overload } from "./overload.ts";
import type { ConnectionPolicy, RequestPolicies, RequestPolicy } from "./policy.ts";
import type { Pressure } from "./pressure.ts";
import type { RefusalThrottle } from "./refusal_throttle.ts";

/** The rules for connections, in their order. */
export function connectionPolicies(
  limits: Readonly<ConnectionLimits>,
  pressure: Pressure,
  now: () => number,
): readonly ConnectionPolicy[] {
  return [
    new ConnectionsPerClient(limits, now),
    new Overload(pressure),
    new ConnectionLimiter(limits),
  ];
}

/** The parts of the server that the rules for requests use. */
export interface RequestRules {
  readonly maxInFlight: number;
  readonly wording: Wording;
  readonly bounds: ConnectionBounds;
  readonly draining: Draining;
  /** Counts the requests that the earlier rules let through. */
  readonly requestCount: RequestPolicy;
  readonly memoryShedding: MemoryShedding;
}

/** The rules for the requests of one connection, in their order. */
export function requestPolicies(
  { maxInFlight, wording, draining, requestCount, memoryShedding }: RequestRules,
  pending: CorrelatedCount,
  knownCommands: KnownCommands,
  throttle: RefusalThrottle,
  identityRule: IdentityRule | undefined,
): RequestPolicies {
  return [
    new CorrelatedRequests(maxInFlight, pending, wording),
    knownCommands,
    draining,
    requestCount,
    identityRule,
    memoryShedding,
    throttle,
  ];
}
