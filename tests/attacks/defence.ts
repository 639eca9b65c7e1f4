// The type of a defence, and the parts of its attacks.

import { unhurried } from "../unhurried.ts";
import type { ServeOptions } from "@lineup/lineup/server";
import type { RawClient } from "../raw_client.ts";
import type { TestNetwork } from "../test_network.ts";

/** A defence of the server, an attack against it, and the damage with and without the defence. */
export interface Defence {
  readonly name: string;
  /** The options of the server with the defence. The bounds are small, so that the attack is short. */
  readonly options: ServeOptions;
  /** The options that switch the defence off. */
  readonly without: ServeOptions;
  /** Attacks. Resolves with the damage. */
  readonly attack: (network: TestNetwork) => Promise<number>;
  /** The same attack in a form that the defence does not notice: for a defence that no option switches off. */
  readonly unseen?: (network: TestNetwork) => Promise<number>;
  /** The unit of the damage. */
  readonly damage: string;
  /** The damage with the defence. */
  readonly kept: number;
  /** The damage without the defence. Infinity for a newcomer that gets no answer. */
  readonly done: number;
  /** The request of another client after the attack, and its answer, with the defence. Default `SAY hello`. */
  readonly polite?: readonly [asks: string, gets: string] | "itself an attacker";
}

export const x = (count: number): string => "x".repeat(count);
export const PING = ["PING", "OK pong"] as const;
/** The address of a host; different hosts have different ones. */
export const address = (host: number): string => `203.0.${host >> 8}.${host & 255}:1`;

/** Connects `count` clients, each from an address of its own or all from one, and sends from each. */
export async function crowd(
  network: TestNetwork,
  count: number,
  sends: string | Uint8Array,
  options: { oneAddress?: boolean; deaf?: boolean; at?: (i: number) => string } = {},
): Promise<RawClient[]> {
  const { oneAddress = false, deaf = false, at = address } = options;
  const clients = Array.from(
    { length: count },
    (_, i) =>
      network.client(oneAddress ? `203.0.113.1:${i + 1}` : at(i), {
        deaf,
        capacity: deaf ? 1000 : undefined,
      }),
  );
  await network.pass();
  for (const each of clients) if (sends.length > 0) each.post(sends);
  await network.pass();
  return clients;
}

export async function figure(network: TestNetwork, name: string): Promise<number> {
  return Number((await network.figures()).get(name) ?? 0);
}

/** The ms that a new client waits for its answer; Infinity where it gets none within a second. */
export async function newcomer(
  network: TestNetwork,
  options: { from?: string; polite?: readonly [string, string] } = {},
): Promise<number> {
  const { from = "198.51.100.7:1", polite: [asks, gets] = ["SAY hello", "OK hello"] } = options;
  const client = network.client(from);
  client.post(`${asks}\n`);
  let text = "";
  for (let waited = 0; waited <= 1000; waited += 50) {
    await network.pass();
    text += client.take();
    if (text.includes(gets)) return waited;
    await network.clock.elapse(50);
  }
  return Infinity;
}

export const tagged = (count: number, verb: string): string =>
  Array.from({ length: count }, (_, i) => `#t${i} ${verb} ${i}\n`).join("");

/** The classes of a server that refuses nothing because it is slow. */
export const UNHURRIED = unhurried.classes;
