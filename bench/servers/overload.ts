// The server that bench/overload.ts floods: commands whose cost is known. Its argument is JSON of further options of
// `serve`, so that a limit can be switched off to see what it is good for.

import { type Handlers, type Protocol, serve } from "../../mod.ts";

const protocol = {
  name: "overload",
  version: "1.0",
  summary: "Commands that cost a known amount of something.",
  commands: {
    BURN: {
      summary: "Hold the event loop for so many milliseconds.",
      args: { ms: { type: "number", min: 0, max: 1000 } },
    },
    STORE: {
      summary: "Take a body and forget it.",
      args: { body: { type: "bytes", max: 1 << 20 } },
      reply: { bytes: "integer" },
    },
    STREAM: {
      summary: "So many items of a KiB.",
      args: { count: { type: "integer", min: 0 } },
      items: { text: "text" },
    },
  },
} as const satisfies Protocol;

const KIB = "x".repeat(1000);

const handlers: Handlers<typeof protocol> = {
  BURN({ ms }) {
    for (const end = performance.now() + ms; performance.now() < end;);
  },
  STORE: ({ body }) => ({ bytes: body.length }),
  *STREAM({ count }) {
    for (let i = 0; i < count; i++) yield { text: KIB };
  },
};

const server = await serve(protocol, handlers, { port: 0, ...JSON.parse(Deno.args[0] ?? "{}") });
console.log(server.address.split(":").at(-1));

// Whoever started it holds its standard input: without them it ends, however they ended.
for await (const _ of Deno.stdin.readable);
Deno.exit();
