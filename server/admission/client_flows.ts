// Where one client's requests line up: a line for each class, made when it is first needed.

import { addressPrefixes } from "../../scheduling/address_prefixes.ts";
import type { Scheduler } from "../../scheduling/scheduler.ts";
import type { FlowHandle } from "../../scheduling/ticket.ts";
import type { Request } from "../request/request.ts";
import type { Route } from "../request/routes.ts";
import type { ServerCore } from "../server_core.ts";

/** The lines of one connection. */
export class ClientFlows {
  readonly #server: ServerCore;
  readonly #peer: string;
  readonly #lines = new Map<Scheduler<Request>, Record<string, FlowHandle>>();
  #client: string | undefined = undefined;

  constructor(server: ServerCore, peer: string) {
    this.#server = server;
    this.#peer = peer;
  }

  /** The line of a command's requests, or of those of another class. */
  of(route: Route, name: string): FlowHandle {
    let lines = this.#lines.get(route.scheduler);
    if (lines === undefined) this.#lines.set(route.scheduler, lines = {});
    return lines[name] ??= this.#open(route, name);
  }

  /** Whose requests they are: of an address or a /64, or of this connection alone. */
  get client(): string {
    return this.#client ??= prefixesOf(this.#peer)[0] ?? this.#peer;
  }

  #open({ scheduler }: Route, name: string): FlowHandle {
    const meters = this.#server.meters(prefixesOf(this.#peer));
    return scheduler.openFlow(name, this.client, { guest: true, meters });
  }
}

/** The address of a peer without its port; `undefined` where it has none. */
export function hostOf(peer: string): string | undefined {
  const [, v6, v4] = /^(?:\[(.+)\]|([^:]+)):[0-9]+$/.exec(peer) ?? [];
  return v6 ?? v4;
}

/** The prefixes of the address of a peer, the narrowest first; none where it has no address. */
export function prefixesOf(peer: string): string[] {
  const host = hostOf(peer);
  return host === undefined ? [] : addressPrefixes(host);
}
