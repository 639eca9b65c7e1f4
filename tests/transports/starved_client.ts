// A client in a process that has few file descriptors: it uses them up, connects, lets some go, and connects again. Its
// argument is the address; it says what became of both attempts.

import { connect } from "../../client/mod.ts";
import { connectStream } from "../../net/mod.ts";
import { trust } from "./tls.ts";

const [address] = Deno.args;
const options = {
  dial:
    ((place, more) => connectStream(place, { ...more, tls: trust })) satisfies typeof connectStream,
};
// What is loaded and opened once is there then.
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
