/** A regular expression for an example's reply, in which `…` stands for any text. */
export function pattern(reply: string): RegExp {
  const parts = reply.split("…").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*")}$`);
}
