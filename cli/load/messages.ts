// The messages between the main thread and the threads of a load.

import type { ThreadPlan } from "./plan.ts";
import type { Tick } from "./tally.ts";

/** To a thread. */
export type ToThread =
  | { readonly kind: "open"; readonly plan: ThreadPlan }
  | { readonly kind: "run" }
  | { readonly kind: "stop" };

/** From a thread. */
export type FromThread =
  /** With `refusal` the thread has no connection. */
  | { readonly kind: "opened"; readonly refusal: string | undefined }
  | { readonly kind: "tick"; readonly tick: Tick }
  | { readonly kind: "over" };
