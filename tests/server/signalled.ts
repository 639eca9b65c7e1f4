// A program: a server that a test sends signals to.

import { serve } from "@lineup/lineup/server";

const protocol = {
  name: "signalled",
  version: "1",
  summary: "Never done.",
  commands: { HOLD: { summary: "Never answers." } },
} as const;

const handlers = { HOLD: () => new Promise<void>(() => {}) };
const reloads = [
  { name: "nothing", reload: () => Promise.reject(new Error("there is nothing")) },
  {
    name: "words",
    reload() {
      console.log("read again");
      return "2 words";
    },
  },
];
const server = await serve(protocol, handlers, { port: 0, signals: true, reloads });
console.log(server.address);
await server.finished;
console.log("finished");
