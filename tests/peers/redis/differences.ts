// Where the example differs from redis-server 7 on purpose.

/** A request, the replies of both servers, and the reason. */
export interface Difference {
  readonly requests: readonly string[];
  /** The reply to the last of the requests: what it begins with. */
  readonly theirs: string;
  readonly ours: string;
  readonly reason: string;
}

export const DIFFERENCES: readonly Difference[] = [
  {
    requests: ["SELECT 1"],
    theirs: "+OK\r\n",
    ours: "-ERR DB index is out of range\r\n",
    reason: "There is one database: what others are for, a second server does better.",
  },
  {
    requests: ["CLIENT SETINFO LIB-NAME x"],
    theirs: "-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n",
    ours: "+OK\r\n",
    reason: "Clients of today send it; Redis has it since 7.2.",
  },
  {
    requests: ["SET k 1 EX abc NX XX"],
    theirs: "-ERR syntax error\r\n",
    ours: "-ERR value is not an integer or out of range\r\n",
    reason: "Of two mistakes, the dialect finds the one in the types first.",
  },
  {
    requests: ["EXPIRE k abc NX XX"],
    theirs: "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n",
    ours: "-ERR value is not an integer or out of range\r\n",
    reason: "As above.",
  },
];

/** Parts of replies that two runs of one server do not share, by the beginning of the request. */
export const VARYING: readonly (readonly [request: RegExp, part: RegExp])[] = [
  // A second may pass between a request and the next one.
  [/^P?TTL /, /^:\d{2,}\r/],
];

/** Bytes that both servers answer differently; the client then ends its side. */
export const RAW_DIFFERENCES: readonly {
  readonly input: string;
  readonly theirs: string;
  readonly ours: string;
  readonly reason: string;
}[] = [
  {
    input: "ECHO a\0b\r\n",
    theirs: "",
    ours: "$3\r\na\0b\r\n",
    reason: "redis-server finds no line end behind a NUL, and waits.",
  },
  {
    input: "GET / HTTP/1.1\r\nHost: x\r\n\r\nSET evil 1\r\n",
    theirs: "",
    ours: "-ERR wrong number of arguments for 'get' command\r\n",
    reason: "Both end the connection; the example sends the answers that it has.",
  },
  {
    input: "*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
    theirs: "+PONG\r\n+PONG\r\n",
    ours: "-ERR Protocol error: a string is longer than its length\r\n",
    reason: "redis-server skips two bytes behind a string, whatever they are.",
  },
  {
    input: "*1\rx$4\rxPING\r\n",
    theirs: "+PONG\r\n",
    ours: "-ERR Protocol error: invalid multibulk length\r\n",
    reason: "redis-server skips the byte behind a CR.",
  },
  {
    input: "*1048577\r\n",
    theirs: "",
    ours: "-ERR Protocol error: invalid multibulk length\r\n",
    reason: "The example bounds the strings of a request, as redis-server before 7 did.",
  },
  {
    input: "*2\r\n$4\r\nECHO\r\n$1048577\r\n",
    theirs: "",
    ours: "-ERR Protocol error: invalid bulk length\r\n",
    reason: "A string may have a MiB, as the bodies of Lineup; redis-server takes 512 MiB.",
  },
];
