// `lineup queue --cluster-secret-file`: several servers that share a queue.

import { withNodes } from "../../queue/cluster/node_identities.ts";
import { formatAddress, parseAddress } from "../../net/mod.ts";
import type { ClusterOptions } from "../../queue/mod.ts";
import type { ServeOptions } from "../../server/mod.ts";
import { type Flag, type Flags, UsageError } from "../flags.ts";
import { readText } from "../input.ts";
import { needPrivate } from "../private_file.ts";
import { reason } from "../reason.ts";
import { nodeLink } from "./node_link.ts";

/** The fewest characters of a secret: whoever guesses it may do everything. */
const SHORTEST = 16;

/** The flags for several nodes. */
export const nodeFlags: Readonly<Record<string, Flag>> = {
  "cluster-secret-file": {
    value: "FILE",
    summary:
      "Share the queue of --data postgres:// with all servers that have the same secret in this file, which only you can read.",
  },
  advertise: {
    value: "HOST:PORT",
    summary:
      "Where other nodes of --cluster-secret-file reach this one, and its clients too. Default: --host and --port.",
  },
};

/** The facts of a node among several. */
export interface NodePlan {
  readonly secret: string;
  readonly address: string;
}

/** The node of the flags; `undefined` if the server shares with nobody. Throws `UsageError`. */
export function nodePlanOf(flags: Flags, isDatabase: boolean): NodePlan | undefined {
  const { "cluster-secret-file": file, advertise } = flags;
  if (file === undefined) {
    if (advertise === undefined) return undefined;
    throw new UsageError("--advertise needs --cluster-secret-file FILE.");
  }
  if (!isDatabase) {
    throw new UsageError("--cluster-secret-file needs --data postgres://USER@HOST/DATABASE.");
  }
  return { secret: readSecret(file), address: addressOf(flags) };
}

/** The options of a cluster for a node. */
export function clusterOptions({ secret, address }: NodePlan): ClusterOptions {
  return { secret, address, link: (to, own) => nodeLink(to, own) };
}

/** Lets nodes connect where clients prove an identity. */
export function admitNodes(serving: ServeOptions, { secret }: NodePlan): void {
  if (serving.identities !== undefined) {
    serving.identities = withNodes(serving.identities, secret);
  }
}

function readSecret(file: string): string {
  let secret: string;
  try {
    needPrivate(file);
    secret = readText(file).trim();
  } catch (error) {
    throw new UsageError(`--cluster-secret-file: ${reason(error)}.`);
  }
  if (secret.length >= SHORTEST) return secret;
  throw new UsageError(
    `--cluster-secret-file: ${file} has ${secret.length} characters, and a secret needs ${SHORTEST}; \`openssl rand -base64 32\` makes one.`,
  );
}

/** Where other nodes dial this one. */
function addressOf(flags: Flags): string {
  const { advertise, host = "127.0.0.1", port = 5463, listen } = flags;
  const transport = flags["tls-cert"] === undefined ? "tcp" : "tls";
  if (advertise !== undefined) {
    return advertised(advertise, transport);
  }
  if (listen !== undefined || port === 0 || isAnyAddress(host)) {
    throw new UsageError(
      "--cluster-secret-file needs --advertise HOST:PORT: where other nodes reach this one.",
    );
  }
  return formatAddress({ transport, hostname: host, port });
}

function advertised(advertise: string, transport: "tcp" | "tls"): string {
  let place: ReturnType<typeof parseAddress> | undefined;
  try {
    place = parseAddress(`${transport}://${advertise}`);
  } catch {
    // Told below.
  }
  if (place === undefined || !("port" in place) || place.port === 0) {
    throw new UsageError(`--advertise must be HOST:PORT, such as 10.0.0.7:5463, not ${advertise}.`);
  }
  if (isAnyAddress(place.hostname)) {
    throw new UsageError(
      `--advertise: nobody can reach this server at ${place.hostname}; name the address of this machine that the other nodes dial.`,
    );
  }
  return formatAddress(place);
}

/** Whether a host stands for all addresses of a machine, in whatever form: a server listens there, and nobody dials it. */
function isAnyAddress(host: string): boolean {
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  const { hostname } = URL.parse(`http://${name}`) ?? { hostname: "" };
  return hostname === "0.0.0.0" || hostname === "[::]" || hostname === "[::ffff:0:0]";
}
