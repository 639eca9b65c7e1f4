// The suite in Node and Bun: `node suite.js ADDRESS [CA-FILE]`. Prints a line of JSON a case.

import { readFileSync } from "node:fs";
import { argv } from "node:process";
import { connect, openSession } from "../../client/node.ts";
import { connectStream } from "../../net/node.ts";
import { runSuite } from "./suite.ts";

const [address, caFile] = argv.slice(2);
const caCerts = caFile === undefined ? undefined : [readFileSync(caFile, "utf8")];
const dial: typeof connectStream = (place, options) =>
  connectStream(place, { ...options, tls: { caCerts } });

for await (const result of runSuite({ address, dial, connect, openSession })) {
  console.log(JSON.stringify(result));
}
