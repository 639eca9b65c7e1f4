// Copies of the working tree. Faults go into copies, so that the tree itself never changes.

/** Runs git in the working tree. Resolves with its output. Throws git's message where it fails. */
export async function git(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("git", { args })
    .output();
  if (code !== 0) {
    throw new Error(
      `git ${args[0]}: ${new TextDecoder().decode(stderr).trim()}`,
    );
  }
  return new TextDecoder().decode(stdout);
}

/** All files of the working tree, including changed and new ones, without ignored ones. */
export async function filesOfTree(): Promise<string[]> {
  const list = await git(
    "ls-files",
    "-z",
    "--cached",
    "--others",
    "--exclude-standard",
  );
  const files = new Set(list.split("\0").filter((file) => file !== ""));
  return [...files].filter((file) => existsSync(file)).sort();
}

/** Copies these files into a new temporary folder and returns its path. */
export async function copyTree(files: readonly string[]): Promise<string> {
  const root = await Deno.makeTempDir({ prefix: "lineup-mutation-" });
  for (const file of files) {
    const slash = file.lastIndexOf("/");
    if (slash !== -1) {
      await Deno.mkdir(`${root}/${file.slice(0, slash)}`, { recursive: true });
    }
    await Deno.copyFile(file, `${root}/${file}`);
  }
  return root;
}

/** A digest of the bytes of a file. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 32);
}

function existsSync(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
}
