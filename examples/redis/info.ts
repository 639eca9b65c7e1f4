// INFO: the figures of the server under the names that Redis gives them.

/** The version of Redis whose commands and messages these are. */
export const VERSION = "7.0.15";

type Figures = ReadonlyMap<string, string | number>;

/** The sections: names of Redis, each with its text, or with the figure of the server. */
const SECTIONS: Readonly<
  Record<string, Readonly<Record<string, string | ((figures: Figures) => unknown)>>>
> = {
  Server: {
    redis_version: VERSION,
    redis_mode: "standalone",
    process_id: () => Deno.pid,
    uptime_in_seconds: (figures) => figures.get("uptime-s"),
  },
  Clients: {
    connected_clients: (figures) => figures.get("connections"),
    blocked_clients: (figures) => figures.get("parked"),
  },
  Memory: {
    used_memory: (figures) => figures.get("keyspace-bytes"),
    used_memory_rss: (figures) => figures.get("resident-bytes"),
    maxmemory: (figures) => figures.get("keyspace-bytes-limit"),
    maxmemory_policy: "noeviction",
  },
  Persistence: { loading: "0", aof_enabled: "0" },
  Stats: {
    total_connections_received: (figures) => figures.get("connections-total"),
    total_commands_processed: (figures) => figures.get("requests-total"),
    total_net_input_bytes: (figures) => figures.get("received-bytes-total"),
    expired_keys: (figures) => figures.get("keys-expired-total"),
  },
  Replication: { role: "master", connected_slaves: "0" },
  Keyspace: {
    db0: (figures) => {
      const keys = figures.get("keys");
      return keys ? `keys=${keys},expires=${figures.get("keys-with-ttl")},avg_ttl=0` : undefined;
    },
  },
};
const EVERY = ["all", "everything", "default"];

/** The text of INFO: of all sections, or of those with these names. */
export function infoText(figures: Figures, names: readonly string[] = []): string {
  const chosen = names.map((name) => name.toLowerCase());
  const isAll = chosen.length === 0 || chosen.some((name) => EVERY.includes(name));
  const sections = Object.entries(SECTIONS).filter(([name]) =>
    isAll || chosen.includes(name.toLowerCase())
  );
  return sections.map(([name, fields]) => {
    const lines = Object.entries(fields).flatMap(([field, source]) => {
      const value = typeof source === "string" ? source : source(figures);
      return value === undefined ? [] : [`${field}:${value}\r\n`];
    });
    return `# ${name}\r\n${lines.join("")}`;
  }).join("\r\n");
}
