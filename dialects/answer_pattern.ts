// Expected answers: texts in which `…` stands for any text.

/**
 * Whether an answer is what a pattern expects. Patterns come from servers too: the time grows with the length of the
 * answer, whatever the pattern is.
 */
export function matches(answer: string, pattern: string): boolean {
  const [first, ...rest] = pattern.split("…");
  const last = rest.pop();
  if (last === undefined) return answer === first;
  if (!answer.startsWith(first)) return false;
  // Take the first place of each part: a later one leaves less room for the parts behind it.
  let at = first.length;
  for (const part of rest) {
    const found = answer.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return answer.length - last.length >= at && answer.endsWith(last);
}
