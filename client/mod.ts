/**
 * A protocol called: typed calls, pipelining by tags, items as async iterables, deadlines, cancellation, retries,
 * several addresses.
 *
 * @module
 */

import { type Connect, connectOn } from "./connect.ts";
import { type OpenSession, openSessionOn } from "./open_session.ts";
import { deno } from "./platform/deno.ts";

export * from "./api.ts";

/** Connects to a server with the sockets of Deno. */
export const connect: Connect = connectOn(deno);

/** Opens one connection with the sockets of Deno. */
export const openSession: OpenSession = openSessionOn(deno);
