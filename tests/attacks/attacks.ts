// The inputs of hostile and broken clients, as data.

/** An attack: the bytes of each connection, their pace, and the answer that they must get. */
export interface Attack {
  readonly name: string;
  /** The number of connections, each from an address of its own unless `oneAddress`. Default 1. */
  readonly connections?: number;
  readonly oneAddress?: boolean;
  /** The bytes to send at once. */
  readonly sent: string | Uint8Array;
  /** The bytes to send after that, every second, for a number of seconds. */
  readonly dribble?: { readonly sent: string; readonly seconds: number };
  /** The seconds of silence after that, before the connection closes. */
  readonly stays?: number;
  /** Whether the attacker reads. Default true. */
  readonly reads?: boolean;
  /** The pattern of the lines behind the greeting. */
  readonly answer: RegExp;
  /** Whether the server ends the connection. */
  readonly ends: boolean;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

const TLS_HELLO = bytes(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...new Array(200).fill(0xaa));

export const attacks: readonly Attack[] = [
  {
    name: "a GET of HTTP",
    sent: "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    answer: /^ERR wrong-protocol "[^"]*not HTTP\."\n$/,
    ends: true,
  },
  {
    name: "a POST whose body is requests",
    sent: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nSAY evil\r\n",
    answer: /^ERR wrong-protocol "[^"]*not HTTP\."\n$/,
    ends: true,
  },
  {
    name: "a POST with a path that is an option, as HTTP/1.0, without headers",
    sent: "POST /?a=b HTTP/1.0\r\n\r\nSAY evil\r\n",
    answer: /^ERR wrong-protocol "[^"]*not HTTP\."\n$/,
    ends: true,
  },
  {
    name: "a CONNECT of HTTP",
    sent: "CONNECT 127.0.0.1:5463 HTTP/1.1\r\n\r\nSAY evil\r\n",
    answer: /^ERR wrong-protocol "[^"]*not HTTP\."\n$/,
    ends: true,
  },
  {
    name: "a hello of SOCKS 5, and requests behind it",
    sent: bytes(5, 1, 0, ...ascii("\nSAY evil\n")),
    answer: /^ERR bad-syntax [^\n]*\n$/,
    ends: true,
  },
  {
    name: "a request in a header that a script of a browser may set",
    sent: "PING\r\nX-Evil: 1\r\nSAY evil\r\n",
    answer: /^OK pong\nERR wrong-protocol "[^"]*"\n$/,
    ends: true,
  },
  {
    name: "a TLS hello",
    sent: TLS_HELLO,
    answer: /^ERR wrong-protocol "[^"]*without TLS\."\n$/,
    ends: true,
  },
  {
    name: "RESP of Redis",
    sent: "*1\r\n$4\r\nPING\r\n".repeat(20),
    answer: /^(ERR bad-syntax "[^"]*(\\"[^"]*)*"\n|OK pong\n)+$/,
    ends: false,
  },
  {
    name: "words of another protocol",
    sent:
      "EHLO a\r\nMAIL b\r\nRCPT c\r\nDATA\r\nRSET\r\nVRFY d\r\nNOOP\r\nAUTH e\r\nTURN\r\nEXPN f\r\nSAY evil\r\n",
    // AUTH is a command of Lineup/1 too, but this server has no identities.
    answer: /^(ERR (unknown-command|unauthenticated) [^\n]*\n){10}$/,
    ends: true,
  },
  {
    name: "a line without end",
    sent: "S".repeat(9000),
    answer: /^ERR line-too-long "A line holds at most 8192 bytes\."\n$/,
    ends: true,
  },
  {
    name: "a telnet command without end",
    sent: Uint8Array.of(255, 250, ...new Array(9000).fill(1)),
    answer: /^ERR line-too-long [^\n]*\n$/,
    ends: true,
  },
  {
    name: "a body larger than the largest allowed",
    sent: "ECHO {9999999999}\n",
    answer: /^ERR body-too-large "A body holds at most 1048576 bytes, not 9999999999\."\n$/,
    ends: true,
  },
  {
    name: "a wrong length of a body, and requests behind it",
    sent: "ECHO {-1}\nSAY evil\n",
    answer: /^ERR bad-syntax [^\n]*\n$/,
    ends: true,
  },
  ...["{+9}", "{09}", "{9", "{9} {2}", "{99999999999}", "{0x9}"].map((length) => ({
    name: `a length written ${length}, and requests behind it`,
    sent: `ECHO ${length}\nSAY evil\n`,
    answer: /^ERR bad-syntax [^\n]*\n$/,
    ends: true,
  })),
  {
    name: "a line that ends in CR alone, and another line behind it",
    sent: "SAY x\rSAY evil\r\n",
    answer: /^ERR bad-syntax [^\n]*\n$/,
    ends: true,
  },
  {
    name: "a NUL in a line",
    sent: "SAY x\0\nSAY evil\n",
    answer: /^ERR bad-syntax [^\n]*\n$/,
    ends: true,
  },
  {
    name: "a body with the dot that ends a mail",
    sent: "ECHO {11}\n\r\n.\r\nQUIT\r\n\nSAY x\n",
    answer: /^OK \{11\}\n\n\.\nQUIT\n\nOK x\n$/,
    ends: false,
  },
  {
    name: "a verb that begins with a known verb",
    sent: "QUITXYZ\r\nSAYS x\r\nPING\r\n",
    answer: /^ERR unknown-command [^\n]*\nERR unknown-command [^\n]*\nOK pong\n$/,
    ends: false,
  },
  {
    name: "a refused request whose body is requests",
    sent: 'ECHO a=b c=" {9}\nSAY evil\n\n',
    answer: /^ERR bad-syntax [^\n]*\n$/,
    ends: true,
  },
  {
    name: "a body longer than its length",
    sent: "ECHO {2}\nabSAY evil\n",
    answer: /^ERR bad-syntax [^\n]*\n$/,
    ends: true,
  },
  {
    name: "bytes that are not UTF-8",
    sent: Uint8Array.of(...ascii("SAY "), 0xc0, 0xaf, 0x0a),
    answer: /^ERR bad-syntax [^\n]*\n$/,
    ends: true,
  },
  {
    name: "terminal escapes in a word",
    sent: Uint8Array.of(...ascii("SAY "), 0x1b, 0x5d, 0x07, 0x0a),
    answer: /^ERR bad-syntax [^\n]*\n$/,
    ends: true,
  },
  {
    name: "a tag that is in use",
    sent: "#a WAIT x\n#a SAY evil\n",
    answer: /^ERR bad-syntax "The tag a is still in use\."\n$/,
    ends: false,
  },
  {
    name: "an end in the middle of a request",
    sent: "SAY evi",
    answer: /^$/,
    ends: false,
  },
  {
    name: "a line that comes at a byte a second",
    sent: "S",
    dribble: { sent: "A", seconds: 14 },
    answer: /^ERR timeout "A request must be here within 10 s of its first byte\."\n$/,
    ends: true,
  },
  {
    name: "a body that comes at a byte a second",
    connections: 50,
    sent: "ECHO {1000}\n",
    dribble: { sent: "A", seconds: 14 },
    answer: /^ERR timeout "A request must be here within 10 s of its first byte\."\n$/,
    ends: true,
  },
  {
    name: "connections that never send a byte",
    connections: 100,
    sent: "",
    stays: 62,
    answer: /^ERR timeout "No request came within 60 s\."\n$/,
    ends: true,
  },
  {
    name: "more connections than an address may have",
    connections: 300,
    oneAddress: true,
    sent: "",
    answer:
      /^(ERR quota "A client may have 256 connections, and has them\." retry=1000 scope=prefix\n)?$/,
    ends: false,
  },
  {
    name: "clients that never read their answers",
    connections: 20,
    sent: "FLOW 1000000000 1000\n",
    reads: false,
    stays: 12,
    answer: /^/,
    ends: true,
  },
  {
    name: "a thousand requests in a packet",
    sent: "SAY x\n".repeat(1000),
    answer: /^(OK x\n){1000}$/,
    ends: false,
  },
  {
    name: "more tagged requests than may be in flight",
    sent: Array.from({ length: 300 }, (_, i) => `#t${i} WAIT w${i}\n`).join(""),
    answer: /^(#t[0-9]+ ERR quota [^\n]*\n){44}$/,
    ends: false,
  },
  {
    name: "a hundred thousand empty lines",
    sent: "\r\n".repeat(100_000),
    answer: /^$/,
    ends: false,
  },
  {
    name: "a hundred thousand Ctrl-C",
    sent: Uint8Array.from({ length: 20_000 }, (_, i) => i % 2 === 0 ? 255 : 244),
    answer: /^ERR line-too-long [^\n]*\n$/,
    ends: true,
  },
];
