import type { RetryInfo } from "./call_options.ts";
import type { Resolve } from "./look_up.ts";
import type { SessionOptions } from "./open_session.ts";
import type { RetryOptions } from "./retry.ts";

/** An event of a client's connections and calls. */
export type ClientEvent =
  | { readonly type: "connected"; readonly address: string }
  | { readonly type: "disconnected"; readonly address: string; readonly error: Error }
  /** An address is left alone for `ms`, where there are others. */
  | { readonly type: "resting"; readonly address: string; readonly ms: number }
  /** A call that failed is sent again. */
  | { readonly type: "retry" } & RetryInfo
  /** A call was refused here. */
  | { readonly type: "throttled"; readonly verb: string };

/** How a client keeps its connections. */
export interface PoolOptions extends SessionOptions {
  /** How failures are met. */
  retry?: RetryOptions;
  /** Numbers from 0 to 1, 1 excluded. Default: `Math.random`. */
  random?: () => number;
  /** The addresses of a host name. Default: DNS where the runtime can ask it and may, else the name itself. */
  resolve?: Resolve;
  /** Is told each event. */
  onEvent?: (event: ClientEvent) => void;
}
