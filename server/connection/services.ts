// The parts of a server that its connections share.

import type { Dialect } from "../../dialects/dialect.ts";
import type { LoopYield } from "../../net/loop_yield.ts";
import type { MetersOf } from "../admission/client_flows.ts";
import type { MemoryGuard } from "../admission/memory_guard.ts";
import type { RequestRules } from "../admission/policies.ts";
import type { Access } from "../identity/access.ts";
import type { Pressure } from "../admission/pressure.ts";
import type { RefusalBudget } from "../admission/refusal_budget.ts";
import type { ConnectedClient } from "../request/handlers.ts";
import type { Editions } from "../request/editions.ts";
import type { RequestServices } from "../request/owner.ts";
import type { Counters } from "../telemetry.ts";
import type { StateMaker } from "./connection_states.ts";
import type { ReadBudget } from "./read_budget.ts";
import type { Timeouts } from "./timeouts.ts";
import type { Watchdog } from "./watchdog.ts";

/** The parts of a server that its connections use. */
export interface ConnectionServices extends RequestServices, RequestRules {
  readonly dialect: Dialect;
  readonly editions: Editions;
  readonly counters: Counters;
  readonly timeouts: Timeouts;
  readonly pressure: Pressure;
  /** The identities; `undefined` where every client may use every command. */
  readonly access: Access | undefined;
  readonly memory: MemoryGuard;
  readonly watchdog: Watchdog;
  readonly readBudget: ReadBudget;
  readonly refusalBudget: RefusalBudget;
  readonly turns: LoopYield;
  /** The rates that requests of a client count towards. */
  readonly metersOf: MetersOf;
  /** Whether a client has work that it may end during a drain. */
  readonly holdsWork: (client: ConnectedClient) => boolean;
  /** Makes the state of a connection for each service; empty where no service has one. */
  readonly stateMakers: readonly (StateMaker | undefined)[];
  /** Every figure of the server, by name. */
  readonly figures: () => Iterable<readonly [name: string, value: string | number]>;
}
