import { parseAddress } from "../../net/address.ts";
import { connectStream } from "../../net/node.ts";
import { resolving } from "../look_up.ts";
import type { Platform } from "./platform.ts";

/** The sockets of Node and Bun, which look names up themselves. */
export const node: Platform = {
  parseAddress,
  dial: connectStream,
  createLookUp: resolving(() => Promise.resolve([])),
};
