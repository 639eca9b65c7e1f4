import { dialectCases, type DialectSubject, type ServedDialect } from "@lineup/lineup/dialects";
import { beanstalkd, beanstalkdProtocol, openQueue } from "@lineup/lineup/queue";
import { listenMemory, serve } from "@lineup/lineup/server";
import { limits } from "./stage.ts";

/** A queue whose `reserve` waits for a job that `release` puts. */
async function serveQueue(connections: number | undefined): Promise<ServedDialect> {
  const started = Promise.withResolvers<void>();
  const queue = await openQueue({ log: () => {} });
  const handlers = queue.beanstalkd();
  const listener = listenMemory();
  const server = await serve(beanstalkdProtocol, {
    ...handlers,
    // The slow request of the suite: it is answered when the test says so.
    async "PAUSE-TUBE"(): Promise<void> {
      started.resolve();
      await released.promise;
    },
  }, {
    dialect: beanstalkd,
    limits,
    log: () => {},
    listen: [listener],
    ...connections === undefined ? {} : { connections: { connections } },
  });
  const released = Promise.withResolvers<void>();
  return {
    connect: () => Promise.resolve(listener.connect()),
    started: started.promise,
    release: released.resolve,
    shutdown: () => server.shutdown(),
    async [Symbol.asyncDispose]() {
      released.resolve();
      await server.shutdown();
      await queue.close();
    },
  };
}

const subject: DialectSubject = {
  dialect: beanstalkd,
  protocol: beanstalkdProtocol,
  limits,
  greeting: "",
  requests: [
    { send: "use mail\r\n", expect: "USING mail\r\n" },
    { send: "put 5 0 60 7\r\na\r\nb\r\n\0\r\n", expect: "INSERTED …\r\n" },
    { send: "put 5 0 60 1\nx\n", expect: "INSERTED …\r\n" },
    { send: "kick 99999999999\r\n", expect: "KICKED 0\r\n" },
    { send: "list-tube-used\n", expect: "USING …\r\n" },
    { send: "delete 99\r\n", expect: "NOT_FOUND\r\n" },
    { send: "watch x\r\n", expect: "WATCHING 2\r\n" },
    { send: "frob\r\n", expect: "UNKNOWN_COMMAND\r\n" },
    { send: "quit\r\n", expect: "", ends: true },
  ],
  invalid: [
    { send: "delete x\r\n", expect: "BAD_FORMAT\r\n" },
    { send: "put -1 0 60 6\r\nquit\r\n\r\n", expect: "BAD_FORMAT\r\n" },
    { send: "put 0 0 60\r\nquit\r\n", expect: "BAD_FORMAT\r\n", ends: true },
    { send: "put 0 0 60 2\r\nabc\r\n", expect: "EXPECTED_CRLF\r\n", ends: true },
    {
      send: "put 1 0 60 5\r\nhello\n\r\nlist-tube-used\r\n",
      expect: "EXPECTED_CRLF\r\n",
      ends: true,
    },
    { send: "put 1 0 60 5\r\nhello\r\r\n", expect: "EXPECTED_CRLF\r\n", ends: true },
    { send: "GET / HTTP/1.1\r\n", expect: "UNKNOWN_COMMAND\r\n", ends: true },
  ],
  overlong: [
    { send: `${"x".repeat(500)}\r\n`, expect: "BAD_FORMAT\r\n" },
    { send: `watch ${"x".repeat(218)}\n`, expect: "BAD_FORMAT\r\n" },
    { send: `put ${" ".repeat(220)}`, expect: "BAD_FORMAT\r\n", ends: true },
    { send: `put 0 0 60 65536\r\n${"x".repeat(65_536)}\r\n`, expect: "JOB_TOO_BIG\r\n" },
    { send: "put 0 0 60 4294967295\r\n", expect: "JOB_TOO_BIG\r\n", ends: true },
  ],
  unfinished: [
    { send: "put 0 0 60 5\r\nab", expect: "" },
    { send: "reserve", expect: "" },
  ],
  slow: { send: "pause-tube default 1\r\n", expect: "PAUSED\r\n" },
  refused: "OUT_OF_MEMORY\r\n",
  serve: ({ connections }) => serveQueue(connections),
};

for (const { name, run } of dialectCases(subject)) Deno.test(`beanstalkd ${name}`, run);
