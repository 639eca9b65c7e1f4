// A server at every transport, for a process that has few file descriptors: its arguments are the addresses.

import { serve } from "../../server/mod.ts";
import { identity } from "./tls.ts";

const bare = {
  name: "bare",
  version: "1.0",
  summary: "Nothing of its own.",
  commands: {},
} as const;

const { addresses } = await serve(bare, {}, { listen: Deno.args, tls: identity });
console.log(addresses.join(" "));
