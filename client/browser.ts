// What mod.ts is for browsers: all of it but `work`, for what takes jobs is not a page.

export { connect } from "./connect.ts";
export { openSession } from "./open_session.ts";
export { ConnectionLost, DeadlineExceeded, ProtocolError, Throttled } from "./errors.ts";
export { Refusal } from "../protocol/errors.ts";
export { BadValue } from "../protocol/values.ts";
export { AddressError, formatAddress, parseAddress } from "../net/address.ts";
