// The main module of a worker that runs one thread of a load.

/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />

import { parseAddress } from "../../net/mod.ts";
import { dialer } from "../dial.ts";
import { recorderReady } from "./histogram.ts";
import type { FromThread, ToThread } from "./messages.ts";
import { LoadThread } from "./thread.ts";

let thread: LoadThread | undefined;

self.onmessage = async ({ data }: MessageEvent<ToThread>): Promise<void> => {
  switch (data.kind) {
    case "open": {
      await recorderReady();
      const address = parseAddress(data.plan.address);
      const dial = dialer(data.plan.credentials);
      thread = new LoadThread(data.plan, () => dial(address, {}));
      tell({ kind: "opened", refusal: await thread.open() });
      break;
    }
    case "run":
      await thread?.run((tick) => tell({ kind: "tick", tick }));
      tell({ kind: "over" });
      break;
    case "stop":
      thread?.stop();
  }
};

function tell(message: FromThread): void {
  self.postMessage(message);
}
