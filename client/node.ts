/**
 * The client for Node and Bun: the interface of mod.ts with the sockets of node:net and node:tls.
 *
 * @module
 */

import { type Connect, connectOn } from "./connect.ts";
import { type OpenSession, openSessionOn } from "./open_session.ts";
import { node } from "./platform/node.ts";

export * from "./api.ts";

/** Connects to a server with the sockets of Node. */
export const connect: Connect = connectOn(node);

/** Opens one connection with the sockets of Node. */
export const openSession: OpenSession = openSessionOn(node);
