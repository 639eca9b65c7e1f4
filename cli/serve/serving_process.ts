// One of the processes of `lineup serve --processes`.

import { type Reconfiguration, serve } from "../../server/mod.ts";
import { CONNECTION_LIMITS } from "../../server/admission/connection_limits.ts";
import { statsOf } from "../../server/stats.ts";
import { Channel } from "../../server/workers/channel.ts";
import { type HostSettings, watch } from "../../server/workers/host.ts";
import type { Flags } from "../flags.ts";
import { traceServer } from "../open_telemetry.ts";
import { reason } from "../reason.ts";
import { aboutModule, importService, servable } from "../service_module.ts";
import { liveOptions, openIdentities, servingOptions } from "../serving.ts";

/** Figures by name. */
export type Rows = readonly (readonly [name: string, value: number])[];

/** Messages to a process. */
export type ToProcess =
  | {
    readonly kind: "serve";
    readonly word: string;
    readonly flags: Flags;
    readonly number: number;
    readonly of: number;
  }
  | { readonly kind: "reconfigure"; readonly flags: Flags }
  | { readonly kind: "totals"; readonly rows: Rows };

/** And from it. */
export type FromProcess =
  | { readonly kind: "ready" }
  | { readonly kind: "serving"; readonly names: string; readonly addresses: readonly string[] }
  | { readonly kind: "failed"; readonly why: string }
  | { readonly kind: "figures"; readonly rows: Rows };

/** The URL of this module. */
export const hostUrl: string = import.meta.url;

/** How often figures are told, in ms. */
const FIGURES_MS = 1000;
const MEMORY = 256 << 20;
const SEATS = 2048;

/** Serves what it is told to, until a signal ends it or the process that has started it is gone. */
export async function host(
  _load: unknown,
  { path, revoked, memory }: HostSettings,
): Promise<void> {
  const watched = watch(memory);
  const conn = await Deno.connect({ transport: "unix", path });
  for (const permission of revoked) Deno.permissions.revokeSync(permission);
  await watched;
  const channel = new Channel<FromProcess, ToProcess>(conn);
  let totals: Rows = [];
  let serving: Promise<Reconfigure> | undefined;
  channel.send({ kind: "ready" });
  await channel.listen((message) => {
    switch (message.kind) {
      case "totals":
        totals = message.rows;
        break;
      case "reconfigure":
        serving?.then((reconfigure) => reconfigure(message.flags));
        break;
      case "serve":
        serving = run(channel, message, () => totals);
    }
  });
  Deno.exit();
}

/** Changes the options that a running server takes. */
type Reconfigure = (flags: Flags) => void;

/** Serves. Resolves once it listens; ends the process if it cannot, or once it is over. */
async function run(
  channel: Channel<FromProcess, ToProcess>,
  { word, flags, number, of }: Extract<ToProcess, { kind: "serve" }>,
  totals: () => Rows,
): Promise<Reconfigure> {
  try {
    const module = await importService(word);
    const services = servable(module, word);
    const options = { ...servingOptions(flags), dialect: module.dialect };
    openIdentities(flags, options);
    const server = await serve(services, {
      ...partOf(options, of),
      stats: function* () {
        yield ["processes", of];
        yield ["process", number];
        for (const [name, value] of totals()) yield [`all-${name}`, value];
      },
    }).catch((error) => {
      throw aboutModule(error, word);
    });
    // Of several protocols, a verb does not tell which one it is from.
    await traceServer(server, services.length === 1 ? services[0].protocol.name : undefined);
    const names = [...new Set(services.map(({ protocol }) => protocol.name))].join(" and ");
    channel.send({ kind: "serving", names, addresses: server.addresses });
    const tell = (): void => {
      const rows = [...statsOf(server.telemetry.figures(), [])]
        .flatMap(([name, value]) => typeof value === "number" ? [[name, value] as const] : []);
      channel.send({ kind: "figures", rows });
    };
    tell();
    setInterval(tell, FIGURES_MS);
    server.finished.then(() => Deno.exit());
    return (next) => server.reconfigure(partOf(liveOptions(next), of));
  } catch (error) {
    channel.send({ kind: "failed", why: reason(error) });
    await channel.sent();
    Deno.exit(1);
  }
}

/** The options of one of several processes. It has a part of what all may have together. */
function partOf<O extends Reconfiguration>(options: O, of: number): O {
  const part = (all: number): number => Math.ceil(all / of);
  const { connections, memory = MEMORY, seats = SEATS } = options;
  return {
    ...options,
    connections: {
      ...connections,
      connections: part(connections?.connections ?? CONNECTION_LIMITS.connections),
    },
    memory: part(memory),
    seats: typeof seats === "number" ? part(seats) : seats,
  };
}
