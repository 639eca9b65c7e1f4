// A program: a client with few file descriptors. It uses them up, connects, closes some, and connects again. Its
// argument is the address. It prints the results of both attempts.

import { connect } from "../../client/mod.ts";
import { connectStream } from "../../net/mod.ts";
import { trust } from "./tls.ts";

const [address] = Deno.args;
const options = {
  dial:
    ((place, more) => connectStream(place, { ...more, tls: trust })) satisfies typeof connectStream,
};
// The first connection loads and opens everything that is needed once.
await (await connect(address, options)).close();

const files: Deno.FsFile[] = [];
for (;;) {
  try {
    files.push(Deno.openSync("/dev/null"));
  } catch {
    break;
  }
}
const failure = await connect(address, options).then(
  () => "connected",
  ({ name, message }) => `${name}: ${message}`,
);
for (const file of files) file.close();
await using client = await connect(address, options);
const { word } = await client.call("PING");
console.log(JSON.stringify({ failure, word }));
