// What the terminal explains of itself.

/** The terminal's own commands. A verb cannot begin with `/`. */
export const LOCAL: Readonly<Record<string, string>> = {
  "/help": "Explain the keys and what may be typed.",
  "/raw": "Show the bytes both ways, or the replies again.",
  "/quit": "Leave once all is answered, as Ctrl-D.",
};

/** What `/help` prints. */
export const HELP = `A line is a request: a verb, arguments, options as name=value; HELP lists them.
  #a PING         a tag of your own; else the number in the prompt is the tag
  "two words"     an argument with spaces or "=", a body that begins with @ or <<
  PUT mail @FILE  a body from a file
  PUT mail <<END  a body of several lines, up to a line that says END
  !PUT mail       send it as it is, whatever the protocol says of it
   PING           not kept in history: begins with a space (nor is AUTH)
Replies come above the prompt, with their tag where there could be doubt; the
prompt lists the tags that wait.
  Tab, Shift-Tab  complete; again: go through the list; Esc: the line as it was
  Ctrl-C          empty the line; cancel the newest request that waits; leave
  Ctrl-D          leave once all is answered
  Ctrl-R, Ctrl-S  search history backwards, forwards; Up, Down: go through it
  Ctrl-A E B F    to the beginning, end, a character back, on; Alt-B, F: a word
  Ctrl-K U W Y    cut to the end, to the beginning, a word; put back
  Ctrl-_ L Z      undo; clear the screen; suspend
  /raw, /quit     show the bytes both ways; leave`;
