/**
 * Copies all documents of a shelf to a folder.
 *
 *     deno run --allow-net --allow-write examples/shelf/backup.ts 127.0.0.1:5463 backup/
 *
 * @module
 */

import { type Client, connect } from "@lineup/lineup";
import { protocol } from "./protocol.ts";

/** Copies the documents of a shelf to a folder. Resolves with their number. */
export async function backUp(client: Client<typeof protocol>, folder: string): Promise<number> {
  await Deno.mkdir(folder, { recursive: true });
  let count = 0;
  for await (const { name } of client.LIST()) {
    const { body } = await client.FETCH({ name }, { within: 10_000 });
    // The name came from outside, so it must not lead out of the folder.
    await Deno.writeFile(`${folder}/${encodeURIComponent(name)}.doc`, body);
    count++;
  }
  return count;
}

if (import.meta.main) {
  const [address = "127.0.0.1:5463", folder = "backup"] = Deno.args;
  try {
    await using client = await connect(protocol, address, {
      onRetry: ({ verb, ms, error }) => console.error(`${verb} in ${ms} ms: ${error.message}`),
    });
    console.log(`${await backUp(client, folder)} documents`);
  } catch (error) {
    console.error(`backup: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
