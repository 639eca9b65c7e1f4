// A line protocol as data.

/**
 * The form of text that has several lines: repeated status codes as in SMTP (`250-first`, `250 last`), a line with a dot
 * behind it as in DICT and POP3, a last word as in memcached, the end of the connection as in finger.
 */
export type Multiline = "smtp" | "dot" | "end-word" | "close";

/**
 * The lines of one command's answer, as templates: `{name}` stands for the value of a field. Of an array of templates,
 * the first one counts whose fields all have values. A line feed separates the lines of a template, and a line that is
 * `{name...}` alone stands for a value of any number of lines, in the dialect's form of several lines.
 */
export interface CommandForm {
  /**
   * The line before the items of a stream. Where it names fields, the first item gives their values and nothing else.
   * Default: `head` of the dialect, unless an item has a value of any number of lines.
   */
  readonly head?: string;
  /** An item. Default: `{text}`. */
  readonly item?: string | readonly string[];
  /** The reply. Default: `reply` of the dialect, and behind the items of a stream `tail`. */
  readonly reply?: string | readonly string[];
}

/**
 * A protocol of lines: a request is a word and its arguments, a reply is one line or several. In all templates, `{text}`
 * stands for the values of the reply in their order, unless a field has this name.
 */
export interface LineDialectSpec {
  /** Its name with its version, for logs: `dict/2229`. */
  readonly name: string;
  /** The text for a browser that opens the address of a WebSocket as a page. Default: a sentence with the name. */
  readonly about?: string;
  /** The first line of a connection, with `{name}`, `{version}` and `{summary}` of the protocol. Default: none. */
  readonly greeting?: string;
  /** A reply: `250 {text}`. */
  readonly reply: string;
  /** A failure: `550 {text}`. `{code}` is its code, `{text}` its message. */
  readonly error: string;
  /** Failures that differ from `error`, by code. A message may be left out: `552 no match`. */
  readonly errors?: Readonly<Record<string, string>>;
  /** The form of text that has several lines. */
  readonly multiline: Multiline;
  /** The last line where `multiline` is `end-word`. Default `END`. */
  readonly endWord?: string;
  /** The line before the items of every stream. Default: none. */
  readonly head?: string;
  /** The line behind the items of every stream. Default: none; in the form of SMTP, `reply`. */
  readonly tail?: string;
  /** The lines of commands that differ from `reply`, `head` and `tail`, by verb. */
  readonly forms?: Readonly<Record<string, CommandForm>>;
  /** How clients write verbs. Default `any-case`. */
  readonly verbs?: "any-case" | "upper-case" | "lower-case";
  /**
   * Further words for commands: `{ D: "DEFINE", "SHOW DB": "DATABASES" }`. Of several that fit, the longest counts.
   * Help shows them beside the command; messages name the one that the client wrote.
   */
  readonly aliases?: Readonly<Record<string, string>>;
  /** The command of every line: a line has no verb, all of it is arguments. Default: lines begin with a verb. */
  readonly verbless?: string;
  /**
   * The characters that quote an argument with white space; within and without quotes, `\` keeps the next character from
   * its meaning. Default: none; then the last argument, if it is text, takes the rest of the line.
   */
  readonly quotes?: string;
  /** The effect of a line that is longer than the limit: the end of the connection, or only a failure. Default `end`. */
  readonly overlong?: "end" | "skip";
  /** Whether the connection ends behind one reply. Default: where `multiline` is `close`. */
  readonly once?: boolean;
  /** The end of the server's lines. Default CR LF. Clients may end theirs in LF or CR LF. */
  readonly eol?: "\r\n" | "\n";
  /** Commands with a reply that is always the same, whatever their arguments are: `{ NOOP: "250 ok" }`. */
  readonly fixed?: Readonly<Record<string, string>>;
  /** The commands that end the connection, with their replies: `{ QUIT: "221 bye" }`. */
  readonly quit?: Readonly<Record<string, string>>;
  /**
   * The commands that tell figures of the server, by the names that STATS of Lineup/1 gives them:
   * `{ STATUS: "210 {requests-total} requests" }`. A line `{text...}` is all of them, each with its name. A server does
   * not start where it lacks one.
   */
  readonly status?: Readonly<Record<string, string>>;
  /** The commands that list all commands, as `{text}`: `{ HELP: "113 help\n{text...}\n250 ok" }`. */
  readonly help?: Readonly<Record<string, string>>;
}
