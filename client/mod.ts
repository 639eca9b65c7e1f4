/**
 * A protocol called: typed calls, pipelining by tags, items as async iterables, deadlines, cancellation.
 *
 * @module
 */

export { type CallOptions, type Client, connect, type Method } from "./connect.ts";
export {
  type Exchange,
  type Greeting,
  openSession,
  type Outgoing,
  type Sent,
  Session,
  type SessionOptions,
} from "./session.ts";
export { Items } from "./items.ts";
export { ConnectionLost, ProtocolError } from "./errors.ts";
export { Refusal, type RefusalOptions } from "../protocol/errors.ts";
export { BadValue } from "../protocol/values.ts";
export {
  type Address,
  AddressError,
  type ByteStream,
  formatAddress,
  parseAddress,
} from "../net/mod.ts";
