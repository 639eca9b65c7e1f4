// What a defence of a server is, and what its attacks are made of.

import { CLASSES } from "@lineup/lineup/scheduling";
import type { ServeOptions } from "@lineup/lineup/server";
import type { RawClient } from "../raw_client.ts";
import type { TestNetwork } from "../test_network.ts";

/** One defence. */
export interface Defence {
  readonly name: string;
  /** The server that has it, with bounds so small that an attack is short. */
  readonly options: ServeOptions;
  /** What differs where it is switched off. */
  readonly without: ServeOptions;
  /** Attacks; resolves with the damage. */
  readonly attack: (network: TestNetwork) => Promise<number>;
  /** The same attack so that the defence does not see it, where no option switches it off. */
  readonly unseen?: (network: TestNetwork) => Promise<number>;
  /** What the damage is counted in. */
  readonly damage: string;
  /** The damage with the defence and without it; Infinity ms is: no answer. */
  readonly kept: number;
  readonly done: number;
  /** What a neighbour asks and gets after the attack where there is the defence. Default `SAY hello`. */
  readonly polite?: readonly [asks: string, gets: string] | "itself an attacker";
}

export const x = (count: number): string => "x".repeat(count);
export const PING = ["PING", "OK pong"] as const;
/** Addresses that are all different. */
export const address = (host: number): string => `203.0.${host >> 8}.${host & 255}:1`;

/** So many clients, each at an address of its own or all at one. */
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

/** How long a client waits that comes now, in ms; Infinity where it gets nothing else, or nothing in a second. */
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

export const UNHURRIED = CLASSES.map((each) => ({ ...each, target: Infinity, patience: Infinity }));
