// The suite in a page: `?address=ws://...`. Posts a line of JSON a case to where the page came from, and one behind
// the last.

// In the bundle this is that of net/browser.ts.
import { connectStream } from "../../net/deno.ts";
import { runSuite } from "./suite.ts";

const address = new URL(location.href).searchParams.get("address")!;

for await (const result of runSuite({ address, dial: connectStream })) {
  await fetch("/result", { method: "POST", body: JSON.stringify(result) });
}
await fetch("/over", { method: "POST" });
