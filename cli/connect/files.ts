// Files as bodies: reading them, and completing their paths.

/** Reads a file of at most `most` bytes. Throws an `Error` with a message for people. */
export function readBodyFile(path: string, most: number): Uint8Array {
  const place = expand(path);
  try {
    const { isFile, size } = Deno.statSync(place);
    if (!isFile) throw new Error(`${path} is not a file.`);
    if (size > most) {
      throw new Error(`${path} has ${size} bytes; the server takes at most ${most}.`);
    }
    return Deno.readFileSync(place);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new Error(`There is no file ${path}; a body that begins with "@" needs quotes.`);
    }
    throw error;
  }
}

const MOST_FILES = 1000;

/** The paths that begin with `prefix` and need no quotes. Folders end in `/`. */
export function filesFrom(prefix: string): string[] {
  const slash = prefix.lastIndexOf("/") + 1;
  const folder = prefix.slice(0, slash);
  const begins = prefix.slice(slash);
  const found: string[] = [];
  try {
    for (const { name, isDirectory } of Deno.readDirSync(expand(folder || "."))) {
      if (!name.startsWith(begins) || (name.startsWith(".") && !begins.startsWith("."))) continue;
      if (!/^[^\s"=]*[^\s"=}]$/.test(name)) continue;
      found.push(folder + name + (isDirectory ? "/" : ""));
      if (found.length === MOST_FILES) break;
    }
  } catch {
    // A folder that cannot be read has no candidates.
  }
  return found.sort();
}

/** The path with the home in the place of `~`. */
export function expand(path: string): string {
  const home = Deno.env.get("HOME");
  return home !== undefined && path.startsWith("~/") ? home + path.slice(1) : path;
}
