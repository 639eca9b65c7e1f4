// `lineup queue --wait`: takes over from another server that uses the file, without a refused connection.

import { lineup1 } from "../../dialects/lineup1/lineup1.ts";
import { isSqliteFileInUse } from "../../queue/mod.ts";
import { type HeldPorts, holdPorts } from "../../server/held_ports.ts";
import type { ServeOptions } from "../../server/mod.ts";
import { age } from "../figures.ts";

/** The pause between two looks at the file, in ms. */
const LOOK_MS = 50;

/**
 * Waits until no other server uses a file, at most so many ms. Meanwhile it holds the ports of the server to come, if they
 * are shared: their connections wait for their greeting. After that time the file is opened all the same: that says what
 * is wrong. At a signal the process ends as a server does.
 */
export async function takeOver(
  path: string,
  wait: number,
  serving: ServeOptions,
  note: (text: string) => void,
): Promise<HeldPorts | undefined> {
  const held = serving.sharePort ? await holdPorts(serving, lineup1) : undefined;
  const end = performance.now() + wait;
  let isTold = false;
  while (isSqliteFileInUse(path) && performance.now() < end) {
    if (!isTold) {
      note(`waiting for ${path}, which another server uses, for ${age(wait)} at most`);
      isTold = true;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return held;
}
