// A server at the addresses of its arguments, for a process of its own.

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
