// Options that no compiler has checked are told in words.

import { assertEquals, assertRejects } from "@std/assert";
import { connect } from "@lineup/lineup/client";
import { serveInMemory } from "@lineup/lineup/testing";
import { bareProtocol } from "../bare_protocol.ts";

const CALLS: readonly (readonly [options: unknown, message: string])[] = [
  [{ within: "5s" }, 'within must be a number of milliseconds, not "5s"'],
  [{ within: -1 }, "within must be a whole number of milliseconds, 1 to "],
  [{ retries: "3" }, 'retries must be a number, not "3"'],
  [{ onRetry: 5 }, "onRetry must be a function, not 5"],
  [{ onReply: null }, "onReply must be a function, not null"],
  [{ signal: 5 }, "signal must be an AbortSignal, not 5"],
  [{ timeout: 5 }, "a call has no option timeout; its options are class, onReply,"],
  [{ Within: 5 }, "a call has no option Within; did you mean within?"],
  [{ onretry: 5 }, "a call has no option onretry; did you mean onRetry?"],
  [5, "the options of a call must be an object, not 5"],
];

const CONNECTIONS: readonly (readonly [options: unknown, message: string])[] = [
  [{ timeOut: 5 }, "connect has no option timeOut; did you mean timeout?"],
  [{ retries: 5 }, "connect has no option retries; did you mean retry?"],
  [{ timeout: "5s" }, 'timeout must be a number of milliseconds, not "5s"'],
  [{ onEvent: 5 }, "onEvent must be a function, not 5"],
  [{ retry: { attempt: 5 } }, "retry of connect has no option attempt; did you mean attempts?"],
  [{ retry: { attempts: "5" } }, 'retry.attempts must be a number, not "5"'],
  [{ retry: 3 }, "the options of retry of connect must be an object, not 3"],
  [{ tls: { ca: "" } }, "tls of connect has no option ca; its options are caCerts,"],
  [{ tls: { cert: 5, key: "" } }, "tls.cert must be a string, not 5"],
  [{ tls: { cert: "" } }, "tls.cert needs tls.key too"],
  [{ tls: { key: "" } }, "tls.key needs tls.cert too"],
  [{ tls: { caCerts: "" } }, "tls.caCerts must be a list of texts in PEM"],
  [null, "the options of connect must be an object, not null"],
];

Deno.test("an option of a call that cannot be is told in words", async () => {
  await using server = await serveInMemory(bareProtocol, {});
  const client = await server.client();
  for (const [options, message] of CALLS) {
    await assertRejects(() => client.PING(undefined, options as never), TypeError, message);
  }
  const unset = { retries: undefined, other: undefined } as never;
  assertEquals(await client.PING({ word: "hello" }, unset), { word: "hello" });
});

Deno.test("an option of connect that cannot be is told in words, before it connects", async () => {
  for (const [options, message] of CONNECTIONS) {
    await assertRejects(() => connect("127.0.0.1:1", options as never), TypeError, message);
  }
});
