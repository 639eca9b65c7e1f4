// Whether a client can do what a function of this package needs.

/** Throws `TypeError`, which names `user`, for a client that lacks one of the commands. */
export function needCommands(user: string, client: object, verbs: readonly string[]): void {
  const methods = (client ?? {}) as Readonly<Record<string, unknown>>;
  const missing = verbs.find((verb) => typeof methods[verb] !== "function");
  if (missing === undefined) return;
  const why = typeof methods.then === "function"
    ? "This is the promise of one: await it."
    : `This one has no ${missing}${spoken(methods)}.`;
  throw new TypeError(
    `${user} needs a client of the queue's protocol: connect(queueProtocol, address), with queueProtocol of ` +
      `"@lineup/lineup/queue/protocol". ${why}`,
  );
}

/** The reason where a client without types lacks a method. */
function spoken({ call, stream }: Readonly<Record<string, unknown>>): string {
  const isDynamic = typeof call === "function" && typeof stream === "function";
  return isDynamic ? ", because connect was given no protocol" : "";
}
