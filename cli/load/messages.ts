// What the main thread and the threads of a load say to each other.

import type { ThreadPlan } from "./plan.ts";
import type { Tick } from "./tally.ts";

/** To a thread. */
export type ToThread =
  | { readonly kind: "open"; readonly plan: ThreadPlan }
  | { readonly kind: "run" }
  | { readonly kind: "stop" };

/** From a thread. */
export type FromThread =
  /** `why` where it got no connection. */
  | { readonly kind: "opened"; readonly why: string | undefined }
  | { readonly kind: "tick"; readonly tick: Tick }
  | { readonly kind: "over" };
