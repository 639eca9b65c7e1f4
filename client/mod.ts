/**
 * A protocol called: typed calls, pipelining by tags, items as async iterables, deadlines, cancellation.
 *
 * @module
 */

export { type CallOptions, type Client, connect, type Method } from "./connect.ts";
export type { Greeting } from "./greeting.ts";
export { type Dial, openSession, type SessionOptions } from "./open_session.ts";
export { type Exchange, type Outgoing, type Sent, Session } from "./session.ts";
export { Items } from "./items.ts";
export { ConnectionLost, ProtocolError } from "./errors.ts";
export { Refusal, type RefusalOptions } from "../protocol/errors.ts";
export { BadValue } from "../protocol/values.ts";
export { type Address, AddressError, formatAddress, parseAddress } from "../net/address.ts";
export type { ByteStream } from "../net/stream.ts";
