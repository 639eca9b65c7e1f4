// Where the example differs from memcached 1.6.18 on purpose: input, both answers, and the reason.

/** An intended difference. */
export interface Difference {
  readonly reason: string;
  readonly send: string;
  /** The answer of the original, up to the end of the connection where it closes. `…`: any text. */
  readonly theirs: string;
  readonly ours: string;
}

const LONG_KEY = "k".repeat(251);
const NEVER_RUNS = "The data of a refused line never runs as commands.";
const FRAMING =
  "Where the data ends is not known: the connection ends, so that no data runs as commands.";
const TRUNCATED = "A number that does not fit is refused, not cut to 32 bits.";
const CONTROL =
  "By the protocol's text, keys have no control characters; some programs end lines at CR.";

/** All of them. Each `send` is followed by `mn`, whose answer MN is part of both answers. */
export const differences: readonly Difference[] = [
  {
    reason: NEVER_RUNS,
    send: `set ${LONG_KEY} 0 0 7\r\nversion\r\n`,
    theirs: "CLIENT_ERROR bad command line format\r\nVERSION …\r\nMN\r\n",
    ours: "CLIENT_ERROR bad command line format\r\nMN\r\n",
  },
  {
    reason: NEVER_RUNS,
    send: "set k x 0 7\r\nversion\r\n",
    theirs: "CLIENT_ERROR bad command line format\r\nVERSION …\r\nMN\r\n",
    ours: "CLIENT_ERROR bad command line format\r\nMN\r\n",
  },
  {
    reason: FRAMING,
    send: "set k 0 0 x\r\nversion\r\n",
    theirs: "CLIENT_ERROR bad command line format\r\nVERSION …\r\nMN\r\n",
    ours: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    reason: FRAMING,
    send: "set k 0 0\r\nversion\r\n",
    theirs: "ERROR\r\nVERSION …\r\nMN\r\n",
    ours: "ERROR\r\n",
  },
  {
    reason: FRAMING,
    send: "set k 0 0 3\r\nabcd\r\n",
    theirs: "CLIENT_ERROR bad data chunk\r\nERROR\r\nMN\r\n",
    ours: "CLIENT_ERROR bad data chunk\r\n",
  },
  {
    reason: TRUNCATED,
    send: "set k 4294967297 0 1\r\nx\r\nget k\r\ndelete k\r\n",
    theirs: "STORED\r\nVALUE k 1 1\r\nx\r\nEND\r\nDELETED\r\nMN\r\n",
    ours: "CLIENT_ERROR bad command line format\r\nEND\r\nNOT_FOUND\r\nMN\r\n",
  },
  {
    reason: TRUNCATED,
    send: "touch k 4294967297\r\n",
    theirs: "NOT_FOUND\r\nMN\r\n",
    ours: "CLIENT_ERROR invalid exptime argument\r\nMN\r\n",
  },
  {
    reason: "A Unix time of 32 bits is later than 2038, not in the past.",
    send: "set k 0 3000000000 1\r\nx\r\nget k\r\ndelete k\r\n",
    theirs: "STORED\r\nEND\r\nNOT_FOUND\r\nMN\r\n",
    ours: "STORED\r\nVALUE k 0 1\r\nx\r\nEND\r\nDELETED\r\nMN\r\n",
  },
  {
    reason: CONTROL,
    send: "get a\tb\r\n",
    theirs: "END\r\nMN\r\n",
    ours: "CLIENT_ERROR bad command line format\r\nMN\r\n",
  },
  {
    reason: CONTROL,
    send: "get a\rversion\r\n",
    theirs: "END\r\nMN\r\n",
    ours: "CLIENT_ERROR bad command line format\r\nMN\r\n",
  },
  {
    reason:
      "A client of another protocol is told so by the end of the connection, after ten lines.",
    send: "a1\r\n".repeat(10),
    theirs: "ERROR\r\n".repeat(10) + "MN\r\n",
    ours: "ERROR\r\n".repeat(10),
  },
  {
    reason: "A wrong get drops no answer of a request before it.",
    send: `set k 0 0 1\r\nx\r\ndelete k\r\nget ${LONG_KEY}\r\n`,
    theirs: "CLIENT_ERROR bad command line format\r\nMN\r\n",
    ours: "STORED\r\nDELETED\r\nCLIENT_ERROR bad command line format\r\nMN\r\n",
  },
  {
    reason: "Every line has a bound, and the client is told.",
    send: `set ${"k".repeat(70_000)}\r\n`,
    theirs: "",
    ours: "CLIENT_ERROR a line has at most 65536 bytes\r\n",
  },
  {
    reason: "Commands that show or change the memory of the original have no meaning here.",
    send:
      "me k\r\nlru tune 10 25 0.1 2.0\r\nshutdown\r\ncache_memlimit 100\r\nslabs reassign 1 2\r\n",
    theirs: "EN\r\n…MN\r\n",
    ours: "ERROR\r\n".repeat(5) + "MN\r\n",
  },
  {
    reason: "A flag that tells something tells it as it is after the command, in any order.",
    send: "ms k 1 T1000\r\nx\r\nmg k t T100000\r\ndelete k\r\n",
    theirs: "HD\r\nHD t1000\r\nDELETED\r\nMN\r\n",
    ours: "HD\r\nHD t100000\r\nDELETED\r\nMN\r\n",
  },
  {
    reason: "A new time counts also for a number that gets longer.",
    send: "ms k 1 T1000\r\n9\r\nma k T100000\r\nmg k t\r\ndelete k\r\n",
    theirs: "HD\r\nHD\r\nHD t1000\r\nDELETED\r\nMN\r\n",
    ours: "HD\r\nHD\r\nHD t100000\r\nDELETED\r\nMN\r\n",
  },
];
