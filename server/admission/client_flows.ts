// The flows in which one client's requests wait: one for each scheduler and class, opened when first needed.

import type { Meter } from "../../scheduling/rate_limiter.ts";
import { classes, type ClassName } from "../../protocol/spec.ts";
import type { IdentityUse } from "../identity/access.ts";
import { ANONYMOUS, type Identity } from "../identity/identity.ts";
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
  #flows = new Map<FlowOpener, Record<string, FlowHandle>>();
  #client: string | undefined = undefined;
  /** The identity of the client: its share is one, wherever it connects from. */
  #identity: Identity | undefined = undefined;
  #use: IdentityUse | undefined = undefined;

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

  /** From now on, the flows are those of an identity; of the address where it is `undefined`. */
  become(identity: Identity | undefined, use: IdentityUse | undefined): void {
    this.#identity = identity;
    this.#use = use;
    this.#flows = new Map();
  }

  /** The prefixes of the client's address. */
  get prefixes(): readonly string[] {
    return prefixesOf(this.#peer);
  }

  /** The client by its address, see `clientOf`. */
  get client(): string {
    return this.#client ??= clientOf(this.#peer);
  }

  #open(scheduler: FlowOpener, name: string): FlowHandle {
    const meters = this.#metersOf(this.prefixes);
    const identity = this.#identity;
    // Clients that have proved no identity share none.
    if (identity === undefined || identity.name === ANONYMOUS) {
      return scheduler.openFlow(name, this.client, { guest: true, meters });
    }
    return scheduler.openFlow(atMost(name, identity.class), `identity:${identity.name}`, {
      weight: identity.weight ?? 1,
      meters: [...meters, ...this.#use!.meters],
    });
  }
}

/** The class, or the most urgent one that an identity may have where that is less urgent. */
function atMost(name: string, most: ClassName | undefined): string {
  if (most === undefined) return name;
  const rank = classes.indexOf(name as ClassName);
  return rank >= 0 && rank < classes.indexOf(most) ? most : name;
}
