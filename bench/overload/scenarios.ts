// The clients that run beside a polite one.

import type { Scenario } from "./isolation.ts";
import { burn, SERVICE } from "./settings.ts";

function flood(name: string, times: number, addresses: number, connections: number): Scenario {
  return {
    name,
    tasks: (capacity, net) => [{
      kind: "open-loop",
      name: "flood",
      net,
      addresses,
      connections,
      ...burn(SERVICE),
      rate: times * capacity,
      tagged: true,
    }],
  };
}

/** The scenarios, by the names for `--only`. They use enough addresses to keep below the limits of an address, unless the limits are their target. */
export const SCENARIOS: readonly Scenario[] = [
  flood("flooder-100x", 100, 1, 1),
  flood("flooder-100x-50-connections", 100, 1, 50),
  {
    name: "dribbled-lines",
    tasks: (_, net) => [
      { kind: "dribble", name: "dribble", net, addresses: 10, connections: 1000, start: "" },
    ],
  },
  {
    name: "dribbled-bodies",
    tasks: (_, net) => [{
      kind: "dribble",
      name: "dribble",
      net,
      addresses: 10,
      connections: 1000,
      start: "STORE {1048576}\n",
    }],
  },
  {
    name: "never-reading",
    tasks: (_, net) => [{ kind: "deaf", name: "deaf", net, addresses: 2, connections: 200 }],
  },
  {
    name: "left-open",
    tasks: (_, net) => [{ kind: "idle", name: "idle", net, addresses: 50, connections: 5000 }],
  },
  {
    name: "connect-close",
    tasks: (_, net) => [{ kind: "storm", name: "storm", net, addresses: 16, connections: 64 }],
  },
  {
    name: "large-bodies",
    tasks: (_, net) => [{
      kind: "closed-loop",
      name: "bodies",
      net,
      connections: 8,
      line: "STORE {1048576}",
      body: 1 << 20,
      deadline: 60_000,
    }],
  },
  // A few less than the limit of the server, so newcomers can connect.
  flood("flows-9900-0.5x", 0.5, 9900, 9900),
  flood("flows-9900-10x", 10, 9900, 9900),
  // The same connections from a few addresses, or from one.
  flood("connections-9900-of-39-10x", 10, 39, 9900),
  {
    ...flood("connections-9900-of-1-10x", 10, 1, 9900),
    server: { connections: { connectionsPerClient: 9900 } },
  },
];
