// A service that logs the words of its clients.

import type { Protocol } from "@lineup/lineup/protocol";
import type { Handlers } from "@lineup/lineup/server";

const protocol = {
  name: "noisy",
  version: "1.0",
  summary: "Logs.",
  commands: {
    SHOUT: {
      summary: "Log a text so often.",
      args: { text: "text", times: "integer" },
    },
    BREAK: { summary: "Fail with a text.", args: { text: "text" } },
    CRASH: { summary: "End the process by an error that nobody catches.", args: { text: "text" } },
  },
} as const satisfies Protocol;

const handlers: Handlers<typeof protocol> = {
  SHOUT({ text, times }, { log }) {
    for (let i = 0; i < times; i++) log("shouted", { i, text });
  },
  BREAK({ text }) {
    throw new Error(text);
  },
  CRASH({ text }) {
    setTimeout(() => {
      throw new Error(text);
    });
  },
};

export default { protocol, handlers };
