// The suite in a page: `?address=ws://...`. Posts a line of JSON a case to the origin of the page, and one behind the
// last.

import { connect, openSession } from "../../client/browser.ts";
import { browser } from "../../client/platform/browser.ts";
import { runSuite } from "./suite.ts";

const address = new URL(location.href).searchParams.get("address")!;

for await (const result of runSuite({ address, dial: browser.dial, connect, openSession })) {
  await fetch("/result", { method: "POST", body: JSON.stringify(result) });
}
await fetch("/over", { method: "POST" });
