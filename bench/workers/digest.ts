// A service that computes, for the event loop and for workers.

import { createHash } from "node:crypto";
import type { Protocol } from "../../protocol/mod.ts";
import type { Handlers } from "../../server/mod.ts";

export const protocol = {
  name: "digest",
  version: "1.0",
  summary: "Digests of digests.",
  commands: {
    DIGEST: {
      summary: "Digest so many times over.",
      args: { rounds: "integer" },
      reply: { digest: "word" },
    },
    ECHO: { summary: "Answer the body.", args: { body: "bytes" }, reply: { body: "bytes" } },
  },
} as const satisfies Protocol;

export const handlers: Handlers<typeof protocol> = {
  DIGEST({ rounds }) {
    let digest = "";
    for (let i = 0; i < rounds; i++) digest = createHash("sha256").update(digest).digest("hex");
    return { digest };
  },
  ECHO: ({ body }) => ({ body }),
};

export default { protocol, handlers };
