/**
 * The client for browsers: the interface of mod.ts over WebSocket. It has no `work`, because a page takes no jobs.
 *
 * @module
 */

import { type Connect, connectOn } from "./connect.ts";
import { type OpenSession, openSessionOn } from "./open_session.ts";
import { browser } from "./platform/browser.ts";

export { ConnectionLost, DeadlineExceeded, ProtocolError, Throttled } from "./errors.ts";
export { Refusal } from "../protocol/errors.ts";
export { BadValue } from "../protocol/values.ts";
export { AddressError, formatAddress } from "../net/address.ts";
export { parseAddress } from "./platform/browser.ts";

/** Connects to a server over WebSocket. */
export const connect: Connect = connectOn(browser);

/** Opens one connection over WebSocket. */
export const openSession: OpenSession = openSessionOn(browser);
