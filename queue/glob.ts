// Patterns of names: `*` stands for any characters, `?` for one, everything else for itself.

/** A pattern that is ready to be asked. */
export interface Glob {
  /** What all names that match begin with. */
  readonly prefix: string;
  /** Whether a name matches, in time of at most its length times that of the pattern. */
  matches(name: string): boolean;
}

/**
 * Reads a pattern; every text is one.
 *
 * @example
 * ```ts ignore
 * glob("mail.*").matches("mail.bills"); // true
 * ```
 */
export function glob(pattern: string): Glob {
  const [prefix] = pattern.split(/[*?]/, 1);
  return { prefix, matches: (name) => matches(pattern, name) };
}

// Not by a regular expression: with several stars that may take exponential time.
function matches(pattern: string, name: string): boolean {
  let [at, inName] = [0, 0];
  // The last star, and the part of the name that it stands for ends here.
  let [star, end] = [-1, 0];
  while (inName < name.length) {
    if (pattern[at] === "*") {
      star = at++;
      end = inName;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === name[inName])) {
      at++;
      inName++;
    } else if (star === -1) return false;
    else {
      at = star + 1;
      inName = ++end;
    }
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}
