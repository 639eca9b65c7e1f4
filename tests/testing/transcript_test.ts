import type { Protocol } from "@lineup/lineup/protocol";
import type { Handlers } from "@lineup/lineup/server";
import { checkTranscript, serveInMemory, TranscriptError } from "@lineup/lineup/testing";
import { assertEquals, assertRejects } from "@std/assert";

const room = {
  name: "room",
  version: "1.0",
  summary: "Hears and says.",
  commands: {
    SAY: { summary: "Say.", args: { body: "text" }, reply: { n: "integer" } },
    HEAR: {
      summary: "The words so far.",
      items: { body: "text" },
      reply: { count: "integer" },
    },
    FOLLOW: {
      summary: "All words, then wait.",
      items: { text: { type: "text", positional: true } },
    },
    FAIL: { summary: "Fail." },
    BYTES: { summary: "What is no text.", reply: { body: "bytes" } },
  },
} as const satisfies Protocol;

function roomHandlers(): Handlers<typeof room> {
  const words: string[] = [];
  return {
    SAY: ({ body }) => ({ n: words.push(body) }),
    *HEAR() {
      for (const body of words) yield { body };
      return { count: words.length };
    },
    async *FOLLOW(_, { park }) {
      for (const text of words) yield { text };
      await park(new Promise(() => {}));
    },
    FAIL: () => {
      throw new RangeError("too far");
    },
    BYTES: () => ({ body: Uint8Array.of(0, 255, 7) }),
  };
}

/** The message of the error of a transcript, without the lines of a stack and the time of the log. */
async function differenceOf(transcript: string, timeout?: number): Promise<string> {
  await using server = await serveInMemory(room, roomHandlers());
  const { message } = await assertRejects(
    () => checkTranscript(server, transcript, { timeout }),
    TranscriptError,
  );
  return message.replace(/^ {4}(at |file).*\n?/gm, "").replace(/^\S+Z error/m, "(time) error")
    .trimEnd();
}

async function passes(transcript: string): Promise<void> {
  await using server = await serveInMemory(room, roomHandlers());
  await checkTranscript(server, transcript);
}

Deno.test("a transcript that fits passes", async () => {
  await passes(`
    # Bodies of both kinds.
    > SAY hello
    < OK n=1
    > SAY {9}
    > two
    > words
    < OK n=…

    > HEAR
    < * {5}
    < hello
    < * {9}
    < two
    < words
    < OK count=2
    > BYTES
    < OK {3}
    < AP8H
  `);
});

Deno.test("requests that follow each other are sent together, and … stands for any text, also of several lines", async () => {
  await passes(`
    > SAY one
    > SAY two
    > HEAR
    < OK n=1
    < OK n=2
    < …
    < OK count=2
    > HELP
    < OK {…}
    < …
  `);
});

Deno.test("a transcript has several connections, and items of a stream that goes on", async () => {
  await passes(`
    ada> SAY hello
    ada< OK n=1
    bob> #f FOLLOW
    bob< #f * hello
    bob> CANCEL f
    bob< #f ERR cancelled …
    bob< OK
    ada> PING
    ada< OK pong
  `);
});

Deno.test("a server that ends the connection fits where the transcript expects its last line", async () => {
  await passes(`
    > QUIT
    < OK bye
  `);
});

Deno.test("a difference shows the session, the lines that are missing, and those that came", async () => {
  assertEquals(
    await differenceOf(`
      > SAY hello
      < OK n=1
      > SAY again
      > HEAR
      < OK n=2
      < * {5}
      < hullo
      < * {5}
      < again
      < OK count=…
    `),
    `the answer differs

  > SAY hello
  < OK n=1
  > SAY again
  > HEAR
  < OK n=2
  < * {5}
- < hullo
+ < hello
  < * {5}
  < again
  < OK count=…`,
  );
});

Deno.test("a difference shows the errors in the log of the server", async () => {
  const message = await differenceOf(`
    ada> FAIL
    ada< OK
  `);
  assertEquals(
    message.replace(/incident=\w+/g, "incident=0"),
    `the answer differs

  ada> FAIL
- ada< OK
+ ada< ERR internal "FAIL failed; the server's log says why." incident=0

The log of the server:
(time) error FAIL failed verb=FAIL client=memory incident=0 error="RangeError: too far"`,
  );
});

Deno.test("answers beyond the transcript are a difference", async () => {
  assertEquals(
    await differenceOf(`
      > SAY hello
      > HEAR
      < OK n=1
    `),
    `more is answered than the transcript has

  > SAY hello
  > HEAR
  < OK n=1
+ < * {5}
+ < hello
+ < OK count=1`,
  );
});

Deno.test("an answer that does not come is told after the time-out", async () => {
  assertEquals(
    await differenceOf("> #f FOLLOW\n< #f * never", 20),
    `nothing more came within 20 ms

  > #f FOLLOW
- < #f * never`,
  );
  assertEquals(
    await differenceOf("> QUIT\n< OK bye\n> PING\n< OK pong"),
    `the server ended the connection

  > QUIT
  < OK bye
  > PING
- < OK pong`,
  );
});

Deno.test("a transcript with a line of another kind, or without lines, is refused", async () => {
  await using server = await serveInMemory(room, roomHandlers());
  for (
    const [text, why] of [
      ["> PING\nOK pong", "line 2 of the transcript begins with neither > nor <: OK pong"],
      [">PING", "line 1 of the transcript begins with neither > nor <: >PING"],
      ["\n# nothing\n", "the transcript has no line"],
    ]
  ) await assertRejects(() => checkTranscript(server, text), SyntaxError, why);
});

Deno.test("an unexpected character of an answer cannot act on the terminal", async () => {
  const message = await differenceOf(`> SAY hello\n< OK n=1\n> HEAR\n< * {5}\n< \x1b[2J\n< OK …`);
  assertEquals(message.includes("\x1b"), false);
  assertEquals(message.includes("- < \\x1b[2J"), true);
});
