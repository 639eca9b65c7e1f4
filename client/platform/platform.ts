import type { Address } from "../../net/address.ts";
import type { ClientTls } from "../../net/dial_options.ts";
import type { ByteStream } from "../../net/stream.ts";
import type { CreateLookUp } from "../look_up.ts";

/**
 * Opens a byte stream to an address, and gives up once the signal is aborted; `alpn` names the wire protocol to TLS,
 * and `tls` has the certificates. Rejects where no server answers.
 */
export type Dial = (
  address: Address,
  options: { signal?: AbortSignal; alpn?: string; tls?: ClientTls },
) => Promise<ByteStream>;

/** The parts of a client that differ between runtimes. The entry points hand one in: mod.ts, node.ts, browser.ts. */
export interface Platform {
  /** Reads an address that this platform can dial. Throws `AddressError`. */
  readonly parseAddress: (text: string) => Address;
  readonly dial: Dial;
  /** Finds the endpoints behind the addresses. */
  readonly createLookUp: CreateLookUp;
}
