// The bundle for Node: pings.ts with the client of Node.

import { connect } from "../../client/node.ts";
import { comparePings as compare } from "./pings.ts";

/** As `comparePings` of pings.ts. */
export function comparePings(
  where: string,
  redis: { ping(): Promise<unknown> },
  port: number,
  rounds: number,
): Promise<void> {
  return compare(where, connect, redis, port, rounds);
}
