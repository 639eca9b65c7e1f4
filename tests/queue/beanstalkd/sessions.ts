// Sessions of beanstalkd's protocol as bytes: what each client sends, and what it gets. They are played against this
// server, and against beanstalkd itself (tests/peers), whose answers are the same but for `DIFFERENCES`.

/** The intended differences, with their reasons. */
export const DIFFERENCES = {
  "body-of-a-bad-put": "beanstalkd runs the body of a put that it refuses as commands.",
  "closes-without-framing":
    "Where the length of a body is unknown or wrong, beanstalkd takes what follows for commands; here the connection ends.",
  "whole-verbs": "beanstalkd compares the begin of a line: quitter quits, and statsy is stats.",
  "known-verbs": "A command without its arguments is a bad format here, not an unknown command.",
  "strict-numbers":
    "beanstalkd takes signs, and text behind the numbers of kick and reserve-with-timeout.",
  "bare-line-feeds": "A line may end in LF alone, as people type it; beanstalkd waits for a CR.",
  "other-protocols": "A client of HTTP, TLS or DICT is disconnected: a browser must not put jobs.",
  "long-lines":
    "The line of a put that is too long ends the connection; beanstalkd runs the body as commands.",
  "quotes": "Version 1.12 has no quotes around names in YAML; 1.13 has.",
  "name-length": "A queue has a name of at most 128 characters, a tube of beanstalkd 200.",
  "longest-times": "A TTR is at most 30 days, a delay a year.",
  "half-closed":
    "A reserve that waits is not answered once its client has ended its side; beanstalkd answers TIMED_OUT.",
} as const;

/** The key of a difference. */
export type Difference = keyof typeof DIFFERENCES;

/** One step: a client sends bytes and gets an answer, or time passes. */
export type SessionStep =
  | {
    /** The name of the client. */
    readonly as: string;
    readonly send?: string;
    /** The exact answer. */
    readonly get?: string;
    /** Whether the connection ends behind it. */
    readonly ends?: true;
    /** The answer of beanstalkd, where it differs. */
    readonly theirs?: { readonly get: string; readonly why: Difference };
    /** Ends its side of the connection. */
    readonly halves?: true;
    /** Closes its connection. */
    readonly closes?: true;
  }
  | { readonly ms: number };

/** A session. */
export interface WireSession {
  readonly name: string;
  readonly steps: readonly SessionStep[];
  /** Not played against beanstalkd: for this reason. */
  readonly oursOnly?: Difference;
}

const put = (body: string, pri = 0, delay = 0, ttr = 60): string =>
  `put ${pri} ${delay} ${ttr} ${body.length}\r\n${body}\r\n`;
const a = (send: string, get: string): SessionStep => ({ as: "a", send, get });
const b = (send: string, get: string): SessionStep => ({ as: "b", send, get });

const statsJob = (fields: Record<string, string | number>, tube = '"default"'): string => {
  const text = "---\n" + Object.entries({
    id: 1,
    tube,
    state: "ready",
    pri: 0,
    age: 0,
    delay: 0,
    ttr: 60,
    "time-left": 0,
    file: 0,
    reserves: 0,
    timeouts: 0,
    releases: 0,
    buries: 0,
    kicks: 0,
    ...fields,
  }).map(([name, value]) => `${name}: ${value}\n`).join("");
  return `OK ${text.length}\r\n${text}\r\n`;
};

/** A step whose YAML has quotes here, and none in beanstalkd 1.12. */
function yaml(as: string, send: string, get: string): SessionStep {
  const bare = get.replaceAll('"', "");
  const length = /^OK ([0-9]+)/.exec(bare)?.[1];
  const shorter = Number(length) - (get.length - bare.length);
  return {
    as,
    send,
    get,
    theirs: { get: bare.replace(/^OK [0-9]+/, `OK ${shorter}`), why: "quotes" },
  };
}

/** The sessions. */
export const sessions: readonly WireSession[] = [
  {
    name: "put, reserve, delete",
    steps: [
      a(put("hello"), "INSERTED 1\r\n"),
      a("reserve\r\n", "RESERVED 1 5\r\nhello\r\n"),
      a("delete 1\r\n", "DELETED\r\n"),
      a("delete 1\r\n", "NOT_FOUND\r\n"),
      a("reserve-with-timeout 0\r\n", "TIMED_OUT\r\n"),
    ],
  },
  {
    name: "an empty body, and a body with line ends",
    steps: [
      a(put(""), "INSERTED 1\r\n"),
      a(put("a\r\nquit\r\n"), "INSERTED 2\r\n"),
      a("reserve\r\n", "RESERVED 1 0\r\n\r\n"),
      a("reserve\r\n", "RESERVED 2 9\r\na\r\nquit\r\n\r\n"),
    ],
  },
  {
    name: "priorities in exact order, and in a priority the numbers",
    steps: [
      a(put("x", 4294967295), "INSERTED 1\r\n"),
      a(put("x", 4294967294), "INSERTED 2\r\n"),
      a(put("x", 1024), "INSERTED 3\r\n"),
      a(put("x", 1023), "INSERTED 4\r\n"),
      a(put("x", 0), "INSERTED 5\r\n"),
      a(put("x", 1024), "INSERTED 6\r\n"),
      a("reserve\r\n", "RESERVED 5 1\r\nx\r\n"),
      a("reserve\r\n", "RESERVED 4 1\r\nx\r\n"),
      a("reserve\r\n", "RESERVED 3 1\r\nx\r\n"),
      a("release 3 1024 0\r\n", "RELEASED\r\n"),
      a("reserve\r\n", "RESERVED 3 1\r\nx\r\n"),
      a("reserve\r\n", "RESERVED 6 1\r\nx\r\n"),
      a("reserve\r\n", "RESERVED 2 1\r\nx\r\n"),
      a("reserve\r\n", "RESERVED 1 1\r\nx\r\n"),
    ],
  },
  {
    name: "the foremost job of all watched tubes",
    steps: [
      a("use t1\r\n", "USING t1\r\n"),
      a(put("x", 5), "INSERTED 1\r\n"),
      a("use t2\r\n", "USING t2\r\n"),
      a(put("x", 4), "INSERTED 2\r\n"),
      a(put("x", 5), "INSERTED 3\r\n"),
      b("watch t1\r\nwatch t2\r\n", "WATCHING 2\r\nWATCHING 3\r\n"),
      b(
        "reserve\r\nreserve\r\nreserve\r\n",
        "RESERVED 2 1\r\nx\r\nRESERVED 1 1\r\nx\r\nRESERVED 3 1\r\nx\r\n",
      ),
    ],
  },
  {
    name: "a release with another priority",
    steps: [
      a(put("x", 5) + put("y", 5), "INSERTED 1\r\nINSERTED 2\r\n"),
      a("reserve\r\n", "RESERVED 1 1\r\nx\r\n"),
      a("release 1 6 0\r\n", "RELEASED\r\n"),
      a("reserve\r\n", "RESERVED 2 1\r\ny\r\n"),
      a("reserve\r\n", "RESERVED 1 1\r\nx\r\n"),
      yaml(
        "a",
        "stats-job 1\r\n",
        statsJob({ state: "reserved", pri: 6, "time-left": 59, reserves: 2, releases: 1 }),
      ),
    ],
  },
  {
    name: "tubes: use, watch, ignore, lists",
    steps: [
      a("list-tube-used\r\n", "USING default\r\n"),
      a("list-tubes-watched\r\n", "OK 14\r\n---\n- default\n\r\n"),
      a("ignore default\r\n", "NOT_IGNORED\r\n"),
      a("watch foo\r\n", "WATCHING 2\r\n"),
      a("watch foo\r\n", "WATCHING 2\r\n"),
      a("ignore default\r\n", "WATCHING 1\r\n"),
      a("ignore default\r\n", "WATCHING 1\r\n"),
      a("ignore nothing\r\n", "WATCHING 1\r\n"),
      a("ignore foo\r\n", "NOT_IGNORED\r\n"),
      a("list-tubes-watched\r\n", "OK 10\r\n---\n- foo\n\r\n"),
      a("use bar\r\n", "USING bar\r\n"),
      a("list-tube-used\r\n", "USING bar\r\n"),
      a("list-tubes\r\n", "OK 26\r\n---\n- default\n- foo\n- bar\n\r\n"),
      a("use a-b+c/d;e.f$g_h(i)J9\r\n", "USING a-b+c/d;e.f$g_h(i)J9\r\n"),
      a("use -a\r\n", "BAD_FORMAT\r\n"),
      a("use a b\r\n", "BAD_FORMAT\r\n"),
      a("use a:b\r\n", "BAD_FORMAT\r\n"),
      a("watch \r\n", "BAD_FORMAT\r\n"),
      a(`use ${"x".repeat(128)}\r\n`, `USING ${"x".repeat(128)}\r\n`),
      a(`use ${"x".repeat(201)}\r\n`, "BAD_FORMAT\r\n"),
    ],
  },
  {
    name: "bury and kick",
    steps: [
      a(put("1") + put("2") + put("3"), "INSERTED 1\r\nINSERTED 2\r\nINSERTED 3\r\n"),
      a("peek-buried\r\n", "NOT_FOUND\r\n"),
      a("reserve\r\nreserve\r\n", "RESERVED 1 1\r\n1\r\nRESERVED 2 1\r\n2\r\n"),
      a("bury 2 7\r\n", "BURIED\r\n"),
      a("bury 2 7\r\n", "NOT_FOUND\r\n"),
      a("bury 1 0\r\n", "BURIED\r\n"),
      a("peek-buried\r\n", "FOUND 2 1\r\n2\r\n"),
      a("kick 1\r\n", "KICKED 1\r\n"),
      a("peek-buried\r\n", "FOUND 1 1\r\n1\r\n"),
      yaml("a", "stats-job 2\r\n", statsJob({ id: 2, pri: 7, reserves: 1, buries: 1, kicks: 1 })),
      a("kick 10\r\n", "KICKED 1\r\n"),
      a("kick 10\r\n", "KICKED 0\r\n"),
      a("kick-job 1\r\n", "NOT_FOUND\r\n"),
      a(
        "reserve\r\nreserve\r\nreserve\r\n",
        "RESERVED 1 1\r\n1\r\nRESERVED 3 1\r\n3\r\nRESERVED 2 1\r\n2\r\n",
      ),
      a("bury 3 0\r\n", "BURIED\r\n"),
      b("kick-job 3\r\n", "KICKED\r\n"),
      b("kick-job 99\r\n", "NOT_FOUND\r\n"),
      b("delete 3\r\n", "DELETED\r\n"),
    ],
  },
  {
    name: "kick takes delayed jobs where none is buried, the first due first",
    steps: [
      a(
        put("1", 0, 900) + put("2", 0, 600) + put("3", 0, 300),
        "INSERTED 1\r\nINSERTED 2\r\nINSERTED 3\r\n",
      ),
      a("peek-ready\r\n", "NOT_FOUND\r\n"),
      a("peek-delayed\r\n", "FOUND 3 1\r\n3\r\n"),
      a("kick 2\r\n", "KICKED 2\r\n"),
      a("peek-delayed\r\n", "FOUND 1 1\r\n1\r\n"),
      a("peek-ready\r\n", "FOUND 2 1\r\n2\r\n"),
      a("reserve\r\n", "RESERVED 2 1\r\n2\r\n"),
      a("reserve-with-timeout 0\r\n", "RESERVED 3 1\r\n3\r\n"),
      a("kick-job 1\r\n", "KICKED\r\n"),
      a("reserve-with-timeout 0\r\n", "RESERVED 1 1\r\n1\r\n"),
      yaml(
        "a",
        "stats-job 1\r\n",
        statsJob({ state: "reserved", delay: 900, "time-left": 59, reserves: 1, kicks: 1 }),
      ),
    ],
  },
  {
    name: "peek",
    steps: [
      a("peek 1\r\n", "NOT_FOUND\r\n"),
      a(put("one") + put("two", 0, 100), "INSERTED 1\r\nINSERTED 2\r\n"),
      a("peek 1\r\npeek 2\r\n", "FOUND 1 3\r\none\r\nFOUND 2 3\r\ntwo\r\n"),
      b("use other\r\npeek-ready\r\n", "USING other\r\nNOT_FOUND\r\n"),
      b("peek 2\r\n", "FOUND 2 3\r\ntwo\r\n"),
      a("peek 18446744073709551615\r\n", "NOT_FOUND\r\n"),
    ],
  },
  {
    name: "reserve-job takes ready, delayed and buried jobs",
    steps: [
      a(put("1") + put("2", 0, 100), "INSERTED 1\r\nINSERTED 2\r\n"),
      b("reserve-job 2\r\n", "RESERVED 2 1\r\n2\r\n"),
      b("release 2 0 0\r\n", "RELEASED\r\n"),
      b("reserve-job 1\r\n", "RESERVED 1 1\r\n1\r\n"),
      a("reserve-job 1\r\n", "NOT_FOUND\r\n"),
      a("reserve-job 9\r\n", "NOT_FOUND\r\n"),
      b("bury 1 5\r\n", "BURIED\r\n"),
      a("reserve-job 1\r\n", "RESERVED 1 1\r\n1\r\n"),
      a("reserve\r\n", "RESERVED 2 1\r\n2\r\n"),
    ],
  },
  {
    name: "only the client that has reserved a job may change it",
    steps: [
      a(put("x"), "INSERTED 1\r\n"),
      a("reserve\r\n", "RESERVED 1 1\r\nx\r\n"),
      b("delete 1\r\n", "NOT_FOUND\r\n"),
      b("release 1 0 0\r\n", "NOT_FOUND\r\n"),
      b("bury 1 0\r\n", "NOT_FOUND\r\n"),
      b("touch 1\r\n", "NOT_FOUND\r\n"),
      b("kick-job 1\r\n", "NOT_FOUND\r\n"),
      b("peek 1\r\n", "FOUND 1 1\r\nx\r\n"),
      a("touch 1\r\n", "TOUCHED\r\n"),
      a("delete 1\r\n", "DELETED\r\n"),
    ],
  },
  {
    name: "delete takes ready, delayed and buried jobs of anybody",
    steps: [
      a(put("x") + put("y", 0, 100) + put("z"), "INSERTED 1\r\nINSERTED 2\r\nINSERTED 3\r\n"),
      a("reserve\r\nbury 1 0\r\n", "RESERVED 1 1\r\nx\r\nBURIED\r\n"),
      b(
        "delete 1\r\ndelete 2\r\ndelete 3\r\ndelete 4\r\n",
        "DELETED\r\nDELETED\r\nDELETED\r\nNOT_FOUND\r\n",
      ),
    ],
  },
  {
    name: "a reserve waits, and holds back the commands behind it",
    steps: [
      { as: "a", send: "reserve\r\ndelete 1\r\nlist-tube-used\r\n", get: "" },
      b(put("x"), "INSERTED 1\r\n"),
      { as: "a", get: "RESERVED 1 1\r\nx\r\nDELETED\r\nUSING default\r\n" },
    ],
  },
  {
    name: "those who wait are served in their order",
    steps: [
      { as: "a", send: "reserve\r\n", get: "" },
      { as: "b", send: "reserve\r\n", get: "" },
      { as: "c", send: put("1") + put("2"), get: "INSERTED 1\r\nINSERTED 2\r\n" },
      { as: "a", get: "RESERVED 1 1\r\n1\r\n" },
      { as: "b", get: "RESERVED 2 1\r\n2\r\n" },
    ],
  },
  {
    name: "the jobs of a client whose connection ends are ready again",
    steps: [
      { as: "a", send: put("1") + put("2"), get: "INSERTED 1\r\nINSERTED 2\r\n" },
      {
        as: "b",
        send: "reserve\r\nreserve\r\n",
        get: "RESERVED 1 1\r\n1\r\nRESERVED 2 1\r\n2\r\n",
      },
      { as: "a", send: "peek-ready\r\n", get: "NOT_FOUND\r\n" },
      { as: "b", closes: true },
      {
        as: "a",
        send: "reserve\r\nreserve\r\n",
        get: "RESERVED 1 1\r\n1\r\nRESERVED 2 1\r\n2\r\n",
      },
    ],
  },
  {
    name: "a client that has ended its side waits no longer",
    steps: [
      { as: "a", send: "reserve\r\n", get: "" },
      {
        as: "a",
        halves: true,
        get: "",
        ends: true,
        theirs: { get: "TIMED_OUT\r\n", why: "half-closed" },
      },
      b(put("x") + "reserve\r\n", "INSERTED 1\r\nRESERVED 1 1\r\nx\r\n"),
    ],
  },
  {
    name: "a client that has ended its side is answered, but for a reserve that waits",
    steps: [
      {
        as: "a",
        send: put("x") + "reserve\r\nreserve-with-timeout 0\r\ndelete 1\r\n",
        halves: true,
        get: "INSERTED 1\r\nRESERVED 1 1\r\nx\r\nTIMED_OUT\r\nDELETED\r\n",
        ends: true,
      },
    ],
  },
  {
    name: "quit ends the connection",
    steps: [{ as: "a", send: "list-tube-used\r\nquit\r\n", get: "USING default\r\n", ends: true }],
  },
  {
    name: "bad formats",
    steps: [
      a("FROB\r\n", "UNKNOWN_COMMAND\r\n"),
      a("PEEK 1\r\n", "UNKNOWN_COMMAND\r\n"),
      a("\r\n", "UNKNOWN_COMMAND\r\n"),
      a("delete x\r\n", "BAD_FORMAT\r\n"),
      a("delete 1 2\r\n", "BAD_FORMAT\r\n"),
      a("delete -1\r\n", "BAD_FORMAT\r\n"),
      a("release 1 2\r\n", "BAD_FORMAT\r\n"),
      a("release 1 4294967296 0\r\n", "BAD_FORMAT\r\n"),
      a("peek-ready 1\r\n", "BAD_FORMAT\r\n"),
      a("reserve 1\r\n", "BAD_FORMAT\r\n"),
      a("stats 1\r\n", "BAD_FORMAT\r\n"),
      a("peek 1\0\r\n", "BAD_FORMAT\r\n"),
      a("pause-tube\r\n", "BAD_FORMAT\r\n"),
      a("pause-tube default\r\n", "BAD_FORMAT\r\n"),
      a("pause-tube nothing 1\r\n", "NOT_FOUND\r\n"),
      a("stats-tube nothing\r\n", "NOT_FOUND\r\n"),
      a("kick\r\n", "BAD_FORMAT\r\n"),
    ].map((step): SessionStep =>
      "send" in step && step.send === "kick\r\n"
        ? { ...step, theirs: { get: "UNKNOWN_COMMAND\r\n", why: "known-verbs" } }
        : step
    ),
  },
  {
    name: "numbers are digits",
    steps: [
      {
        ...a("kick 1x\r\n", "BAD_FORMAT\r\n"),
        theirs: { get: "KICKED 0\r\n", why: "strict-numbers" },
      },
      {
        ...a("kick -1\r\n", "BAD_FORMAT\r\n"),
        theirs: { get: "KICKED 0\r\n", why: "strict-numbers" },
      },
      {
        ...a("reserve-with-timeout x\r\n", "BAD_FORMAT\r\n"),
        theirs: { get: "TIMED_OUT\r\n", why: "strict-numbers" },
      },
    ],
  },
  {
    name: "a verb is a whole word",
    steps: [
      {
        ...a("reservex\r\n", "UNKNOWN_COMMAND\r\n"),
        theirs: { get: "BAD_FORMAT\r\n", why: "whole-verbs" },
      },
      {
        as: "a",
        send: "quitter\r\nlist-tube-used\r\n",
        get: "UNKNOWN_COMMAND\r\nUSING default\r\n",
        theirs: { get: "", why: "whole-verbs" },
      },
    ],
  },
  {
    name: "a job that is too big is skipped",
    steps: [
      a(`put 0 0 60 65536\r\n${"x".repeat(65_536)}\r\n`, "JOB_TOO_BIG\r\n"),
      a("list-tube-used\r\n", "USING default\r\n"),
    ],
  },
  {
    name: "the body of a bad put does not run",
    steps: [
      {
        as: "a",
        send: "put -1 0 60 20\r\npause-tube default 9\r\nlist-tube-used\r\n",
        get: "BAD_FORMAT\r\nUSING default\r\n",
        theirs: { get: "BAD_FORMAT\r\nPAUSED\r\nUSING default\r\n", why: "body-of-a-bad-put" },
      },
      {
        as: "b",
        send: "put 0 0 60\r\npause-tube default 9\r\n",
        get: "BAD_FORMAT\r\n",
        ends: true,
        theirs: { get: "BAD_FORMAT\r\nPAUSED\r\n", why: "closes-without-framing" },
      },
      {
        as: "c",
        send: "put 0 0 60 3\r\nabcdelete 1\r\n",
        get: "EXPECTED_CRLF\r\n",
        ends: true,
        theirs: { get: "EXPECTED_CRLF\r\nUNKNOWN_COMMAND\r\n", why: "closes-without-framing" },
      },
    ],
  },
  {
    name: "lines may end in LF",
    oursOnly: "bare-line-feeds",
    steps: [
      a("put 0 0 60 2\nhi\n", "INSERTED 1\r\n"),
      a("reserve\ndelete 1\n", "RESERVED 1 2\r\nhi\r\nDELETED\r\n"),
    ],
  },
  {
    name: "clients of other protocols are disconnected",
    oursOnly: "other-protocols",
    steps: [
      {
        as: "a",
        send: "POST / HTTP/1.1\r\nHost: x\r\n\r\nput 0 0 60 1\r\nx\r\n",
        get: "UNKNOWN_COMMAND\r\n",
        ends: true,
      },
      {
        as: "b",
        send: "FROB\r\nHost: x\r\nput 0 0 60 1\r\nx\r\n",
        get: "UNKNOWN_COMMAND\r\nUNKNOWN_COMMAND\r\n",
        ends: true,
      },
      {
        as: "c",
        send: "CLIENT libcurl 7.88.1\r\nput 0 0 60 1\r\nx\r\n",
        get: "UNKNOWN_COMMAND\r\n",
        ends: true,
      },
      {
        as: "g",
        send: `POST /${"x".repeat(300)} HTTP/1.1\r\nHost: x\r\n\r\nput 0 0 60 1\r\nx\r\n`,
        get: "BAD_FORMAT\r\nUNKNOWN_COMMAND\r\n",
        ends: true,
      },
      { as: "d", send: "\x16\x03\x01", get: "UNKNOWN_COMMAND\r\n", ends: true },
      { as: "e", send: "x\r\n".repeat(11), get: "UNKNOWN_COMMAND\r\n".repeat(10), ends: true },
      { as: "f", send: "peek 1\r\n", get: "NOT_FOUND\r\n" },
    ],
  },
  {
    name: "a line that is too long is skipped",
    steps: [
      a("x".repeat(230) + "\r\nlist-tube-used\r\n", "BAD_FORMAT\r\nUSING default\r\n"),
      a(`use ${"x".repeat(1000)}\r\nlist-tube-used\r\n`, "BAD_FORMAT\r\nUSING default\r\n"),
      a("kick 4294967296\r\n", "KICKED 0\r\n"),
    ],
  },
  {
    name: "the line of a put that is too long ends the connection",
    oursOnly: "long-lines",
    steps: [
      {
        as: "a",
        send: `put 0 0 60${" ".repeat(220)}9\r\nkick 1234\r\n`,
        get: "BAD_FORMAT\r\n",
        ends: true,
      },
    ],
  },
  {
    name: "a body ends in CR LF where its command does",
    steps: [
      {
        as: "a",
        send: "put 0 0 60 5\r\nhello\n\r\nlist-tube-used\r\n",
        get: "EXPECTED_CRLF\r\n",
        ends: true,
        theirs: {
          get: "EXPECTED_CRLF\r\nUNKNOWN_COMMAND\r\n",
          why: "closes-without-framing",
        },
      },
    ],
  },
  {
    name: "names and times beyond those of the queue",
    steps: [
      {
        ...a(`use ${"x".repeat(200)}\r\n`, "BAD_FORMAT\r\n"),
        theirs: { get: `USING ${"x".repeat(200)}\r\n`, why: "name-length" },
      },
      a("use t\r\n", "USING t\r\n"),
      a(put("x", 0, 4294967295, 4294967295), "INSERTED 1\r\n"),
      {
        as: "a",
        send: "stats-job 1\r\n",
        get: statsJob(
          { state: "delayed", delay: 31622400, ttr: 2592000, "time-left": 31622399 },
          '"t"',
        ),
        theirs: {
          get: statsJob({
            state: "delayed",
            delay: 4294967295,
            ttr: 4294967295,
            "time-left": 4294967294,
          }, "t"),
          why: "longest-times",
        },
      },
      a(put("x", 0, 0, 0), "INSERTED 2\r\n"),
      yaml("a", "stats-job 2\r\n", statsJob({ id: 2, ttr: 1 }, '"t"')),
    ],
  },
  {
    name: "stats-tube",
    steps: [
      a(
        "use t\r\n" + put("1", 0) + put("2", 1024) + put("3", 0, 100) + put("4"),
        "USING t\r\nINSERTED 1\r\nINSERTED 2\r\nINSERTED 3\r\nINSERTED 4\r\n",
      ),
      b(
        "watch t\r\nreserve\r\ndelete 1\r\nreserve\r\n",
        "WATCHING 2\r\nRESERVED 1 1\r\n1\r\nDELETED\r\nRESERVED 4 1\r\n4\r\n",
      ),
      b("bury 4 0\r\nreserve\r\n", "BURIED\r\nRESERVED 2 1\r\n2\r\n"),
      { as: "b", send: "reserve\r\n", get: "" },
      yaml(
        "a",
        "stats-tube t\r\n",
        'OK 261\r\n---\nname: "t"\ncurrent-jobs-urgent: 0\ncurrent-jobs-ready: 0\ncurrent-jobs-reserved: 1\n' +
          "current-jobs-delayed: 1\ncurrent-jobs-buried: 1\ntotal-jobs: 4\ncurrent-using: 1\ncurrent-watching: 1\n" +
          "current-waiting: 1\ncmd-delete: 1\ncmd-pause-tube: 0\npause: 0\npause-time-left: 0\n\r\n",
      ),
    ],
  },
  // Time passes from here on.
  {
    name: "a delay is over, and the job has the place of its number",
    steps: [
      a(put("1", 0, 1) + put("2"), "INSERTED 1\r\nINSERTED 2\r\n"),
      { ms: 1100 },
      a("reserve\r\nreserve\r\n", "RESERVED 1 1\r\n1\r\nRESERVED 2 1\r\n2\r\n"),
    ],
  },
  {
    name: "the time of a job is over",
    steps: [
      a(put("1", 0, 0, 1) + put("2", 0, 0, 100), "INSERTED 1\r\nINSERTED 2\r\n"),
      b("reserve\r\n", "RESERVED 1 1\r\n1\r\n"),
      { ms: 1100 },
      // beanstalkd may sleep past the end of the lease until a command wakes it.
      a("list-tube-used\r\n", "USING default\r\n"),
      b("touch 1\r\n", "NOT_FOUND\r\n"),
      yaml("a", "stats-job 1\r\n", statsJob({ ttr: 1, age: 1, reserves: 1, timeouts: 1 })),
      a("reserve\r\n", "RESERVED 1 1\r\n1\r\n"),
    ],
  },
  {
    name: "DEADLINE_SOON",
    steps: [
      a(put("1", 0, 0, 1), "INSERTED 1\r\n"),
      a("reserve\r\n", "RESERVED 1 1\r\n1\r\n"),
      a("reserve\r\n", "DEADLINE_SOON\r\n"),
      a("reserve-with-timeout 0\r\n", "DEADLINE_SOON\r\n"),
      b(put("2"), "INSERTED 2\r\n"),
      a("reserve\r\n", "RESERVED 2 1\r\n2\r\n"),
      a("release 1 0 0\r\nreserve\r\n", "RELEASED\r\nRESERVED 1 1\r\n1\r\n"),
    ],
  },
  {
    name: "DEADLINE_SOON to a client that waits",
    steps: [
      a(put("1", 0, 0, 2), "INSERTED 1\r\n"),
      a("reserve\r\n", "RESERVED 1 1\r\n1\r\n"),
      { as: "a", send: "reserve-with-timeout 9\r\n", get: "" },
      { ms: 1200 },
      { as: "a", get: "DEADLINE_SOON\r\n" },
      a("touch 1\r\n", "TOUCHED\r\n"),
    ],
  },
  {
    name: "a timeout is over",
    steps: [
      { as: "a", send: "reserve-with-timeout 1\r\n", get: "" },
      { ms: 1100 },
      { as: "a", get: "TIMED_OUT\r\n" },
    ],
  },
  {
    name: "a tube is paused",
    steps: [
      a("use t\r\n" + put("1"), "USING t\r\nINSERTED 1\r\n"),
      a("pause-tube t 1\r\n", "PAUSED\r\n"),
      b("watch t\r\nreserve-with-timeout 0\r\n", "WATCHING 2\r\nTIMED_OUT\r\n"),
      b("use t\r\npeek-ready\r\n", "USING t\r\nFOUND 1 1\r\n1\r\n"),
      { as: "b", send: "reserve\r\n", get: "" },
      { ms: 1100 },
      { as: "b", get: "RESERVED 1 1\r\n1\r\n" },
    ],
  },
];
