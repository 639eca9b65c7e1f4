// The help of the terminal, and its own commands.

/** The terminal's own commands with their descriptions. No verb begins with `/`. */
export const LOCAL: Readonly<Record<string, string>> = {
  "/help": "Explain the keys and what may be typed.",
  "/page": "Show the last reply a page at a time.",
  "/quit": "Leave once all requests are answered, as Ctrl-D does.",
  "/raw": "Show the bytes both ways, or the replies again.",
  "/repeat": "DURATION REQUEST: send a request again, so long after each answer, until Ctrl-C.",
  "/save": "FILE: write the last reply to a new file.",
  "/timing": "Turn on or off how long each reply takes.",
};

/** The words that some of these commands need. */
export const LOCAL_ARGS: Readonly<Record<string, string>> = {
  "/repeat": "DURATION REQUEST",
  "/save": "FILE",
};

/** The text of `/help`. */
export const HELP = `A line is a request: a verb, arguments, options as name=value; HELP lists them.
  #a PING         your own tag instead of the number in the prompt
  "two words"     an argument with spaces or "=", a body that begins with @ or <<
  PUT mail @FILE  a body from a file
  PUT mail <<END  a body of several lines, up to a line that says END
  !PUT mail       send it unchecked, even if the protocol does not allow it
   PING           begins with a space: not kept in history (nor is AUTH)
Replies come above the prompt, with their tag unless it is obvious. The prompt
lists the tags of the requests that wait.
  Tab, Shift-Tab  complete; again: go through the list; Esc: the line as it was
  Ctrl-C          empty the line; cancel the newest request that waits; leave
  Ctrl-D          leave once all requests are answered
  Ctrl-R, Ctrl-S  search history backwards, forwards; Up, Down: go through it
  Ctrl-A E B F    to the beginning, end, a character back, on; Alt-B, F: a word
  Ctrl-K U W Y    cut to the end, to the beginning, a word; put back
  Ctrl-_ L Z      undo; clear the screen; suspend
  /page           the last reply a page at a time
  /save FILE      write the last reply to a new file
  /repeat 2s QUEUES   send it again, 2 s after each answer, until Ctrl-C
  /timing         how long each reply takes, on or off
  /raw, /quit     the bytes both ways, on or off; leave`;
