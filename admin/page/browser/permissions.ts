// The rights of this page: the commands that the server has, and the grants of our identity. The server checks every request
// itself; this only keeps from view what it would refuse.

import type { Right, Rights } from "../../../queue/rights.ts";

/** The rights that a request needs, one of several. */
const NEEDED = {
  QUEUES: ["see"],
  QUEUE: ["see"],
  LIST: ["see"],
  JOB: ["see"],
  PUT: ["put"],
  DROP: ["manage"],
  PURGE: ["manage"],
  REVIVE: ["manage"],
  PAUSE: ["manage"],
  LIMIT: ["manage"],
  EVERY: ["put"],
  "EVERY off": ["put", "manage"],
  "EVERY pause": ["put", "manage"],
  SCHEDULES: ["put", "see", "manage"],
} as const satisfies Readonly<Record<string, readonly Right[]>>;

/** A request of the page. */
export type PageRequest = keyof typeof NEEDED;

/** These are about a queue with all its keys: who is limited to some has no right to them. */
const WHOLE: readonly PageRequest[] = ["PAUSE", "LIMIT"];

/** The rights of a page. */
export interface Permissions {
  /** The commands of the server. */
  readonly commands: ReadonlySet<string>;
  /** Our rights; `undefined` where the server has no identities, so that everybody may do everything. */
  readonly rights: Rights | undefined;
}

/** Nothing. */
export const NO_PERMISSIONS: Permissions = { commands: new Set(), rights: undefined };

/** Whether a page may make a request about a queue, and a key of it; without a queue: about any. */
export function permits(
  { commands, rights }: Permissions,
  request: PageRequest,
  queue?: string,
  key?: string,
): boolean {
  if (!commands.has(request.split(" ", 1)[0])) return false;
  if (rights === undefined) return true;
  return NEEDED[request].some((right) => {
    if (WHOLE.includes(request) && rights.keys !== undefined) return false;
    return queue === undefined ? rights.hasSome(right) : rights.has(right, queue, key);
  });
}

/** Whether a page may see the figures of the server. */
export function seesFigures({ rights }: Permissions): boolean {
  return rights === undefined || rights.isOperator;
}
