// The flows in which one client's requests wait: one for each scheduler and class, opened when first needed.

import type { Meter } from "../../scheduling/rate_limiter.ts";
import type { FlowOptions } from "../../scheduling/scheduler_options.ts";
import type { FlowHandle } from "../../scheduling/ticket.ts";
import { clientOf, prefixesOf } from "./peer.ts";

/** The part of a `Scheduler` that opens flows. */
export interface FlowOpener {
  openFlow(name: string, key: string, options?: FlowOptions): FlowHandle;
}

/** The rates that requests from these address prefixes count towards. */
export type MetersOf = (prefixes: readonly string[]) => Meter[];

/** The flows of one connection. */
export class ClientFlows {
  readonly #peer: string;
  readonly #metersOf: MetersOf;
  readonly #flows = new Map<FlowOpener, Record<string, FlowHandle>>();
  #client: string | undefined = undefined;

  constructor(peer: string, metersOf: MetersOf) {
    this.#peer = peer;
    this.#metersOf = metersOf;
  }

  /** The flow of a class in a scheduler. */
  of(scheduler: FlowOpener, name: string): FlowHandle {
    let flows = this.#flows.get(scheduler);
    if (flows === undefined) this.#flows.set(scheduler, flows = {});
    return flows[name] ??= this.#open(scheduler, name);
  }

  /** The client whose share these flows use, see `clientOf`. */
  get client(): string {
    return this.#client ??= clientOf(this.#peer);
  }

  #open(scheduler: FlowOpener, name: string): FlowHandle {
    const meters = this.#metersOf(prefixesOf(this.#peer));
    return scheduler.openFlow(name, this.client, { guest: true, meters });
  }
}
