// The figures of the server.

import { cpuUsage, pid } from "node:process";
import type { HandlerParts } from "./parts.ts";
import { beanstalkdProtocol } from "./protocol.ts";
import { currentJobs } from "./stats.ts";
import { quoted } from "./yaml.ts";

/** The commands that beanstalkd counts, in its order. */
const COUNTED = [
  "put",
  "peek",
  "peek-ready",
  "peek-delayed",
  "peek-buried",
  "reserve",
  "reserve-with-timeout",
  "delete",
  "release",
  "use",
  "watch",
  "ignore",
  "bury",
  "kick",
  "touch",
  "stats",
  "stats-job",
  "stats-tube",
  "list-tubes",
  "list-tube-used",
  "list-tubes-watched",
  "pause-tube",
];

/** A number that no other server has. */
const INSTANCE = crypto.randomUUID().replaceAll("-", "").slice(0, 16);

/** All figures. Those of a log of beanstalkd are 0: the queue has another store. */
export async function serverStats(
  { engine, tubes, counts, maxBody }: HandlerParts,
): Promise<Record<string, string | number>> {
  const { jobs, timeouts } = engine.totals();
  const { user, system } = cpuUsage();
  const commands = COUNTED.map((name) => {
    const { commands } = counts.of(name.toUpperCase());
    return [`cmd-${name}`, commands] as const;
  });
  return {
    ...currentJobs(engine.counts()),
    ...Object.fromEntries(commands),
    "job-timeouts": timeouts,
    "total-jobs": jobs,
    "max-job-size": maxBody,
    "current-tubes": (await tubes.list(engine)).size,
    "current-connections": counts.clients,
    "current-producers": counts.producers,
    "current-workers": counts.workers,
    "current-waiting": counts.waiting,
    "total-connections": counts.totalClients,
    pid,
    version: quoted(`${beanstalkdProtocol.version} (lineup)`),
    "rusage-utime": inSeconds(user),
    "rusage-stime": inSeconds(system),
    uptime: Math.floor(performance.now() / 1000),
    "binlog-oldest-index": 0,
    "binlog-current-index": 0,
    "binlog-records-migrated": 0,
    "binlog-records-written": 0,
    "binlog-max-size": 0,
    draining: "false",
    id: INSTANCE,
    hostname: quoted(hostName()),
    os: quoted(Deno.build.os),
    platform: quoted(Deno.build.arch),
  };
}

function inSeconds(microseconds: number): string {
  return (microseconds / 1e6).toFixed(6);
}

/** The name of this machine; empty where Deno may not tell it. A server must ask nobody for a permission. */
function hostName(): string {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "hostname" });
  return state === "granted" ? Deno.hostname() : "";
}
