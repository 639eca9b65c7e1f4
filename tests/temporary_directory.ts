/** Runs a test with a directory, and removes the directory afterwards. */
export async function withDirectory<T>(test: (directory: string) => Promise<T>): Promise<T> {
  const directory = await Deno.makeTempDir({ prefix: "lineup-queue-" });
  try {
    return await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
