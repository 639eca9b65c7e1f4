// What the terminal explains of itself.

/** The terminal's own commands. A verb cannot begin with `/`. */
export const LOCAL: Readonly<Record<string, string>> = {
  "/help": "Explain the keys and what may be typed.",
  "/raw": "Show the bytes both ways, or the replies again.",
  "/quit": "Leave once all is answered, as Ctrl-D.",
};

/** What `/help` prints. */
export const HELP =
  `A line is a request: a verb, arguments, options as name=value. HELP lists what the server knows.
  #a PING           a tag of your own; otherwise the number in the prompt is the request's tag
  "two words"       an argument with spaces; also one with =, or a body that begins with @ or <<
  PUT mail @FILE    a body from a file
  PUT mail <<END    a body of several lines, up to a line that says END
  !PUT mail         send it as it is, whatever the protocol says of it
   PING             a line that begins with a space is not kept in history, nor is AUTH
Replies come above the prompt, with the tag where there could be doubt; the prompt lists what is in flight.
  Tab, Shift-Tab    complete; again: go through the list; Esc: the line as it was
  Ctrl-C            empty the line, or cancel the newest request in flight; then leave
  Ctrl-D            leave once all is answered
  Ctrl-R            search history (Ctrl-S: the other way); Up, Down, Ctrl-P, Ctrl-N: go through it
  Ctrl-A E B F      to the beginning, end, a character back, on; Alt-B, Alt-F: a word
  Ctrl-K U W Y      cut to the end, to the beginning, a word; put back; Ctrl-_: undo
  Ctrl-L, Ctrl-Z    clear the screen; suspend
  /raw, /quit       the bytes both ways; leave`;
