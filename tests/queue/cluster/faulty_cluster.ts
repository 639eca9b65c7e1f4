import type { Cluster } from "../../../queue/cluster/cluster.ts";

const ROOM = new URL("../../../queue/cluster/", import.meta.url);

/** The membership with one piece of one of its files replaced. Throws where the file has no such piece, or several. */
export async function faultyCluster(
  file: string,
  piece: string,
  becomes: string,
): Promise<typeof Cluster> {
  const text = await Deno.readTextFile(new URL(file, ROOM));
  if (text.split(piece).length !== 2) throw new Error(`${file} has not one ${piece}`);
  const faulty = moduleOf(text.replace(piece, () => becomes));
  if (file === "cluster.ts") return (await import(faulty)).Cluster;
  const whole = await Deno.readTextFile(new URL("cluster.ts", ROOM));
  return (await import(moduleOf(whole.replaceAll(`"./${file}"`, `"${faulty}"`)))).Cluster;
}

/** The address of a module with this text in that room. */
function moduleOf(text: string): string {
  const absolute = text.replace(
    /from "(\.[^"]*)"/g,
    (_, path) => `from "${new URL(path, ROOM)}"`,
  );
  return `data:application/typescript,${encodeURIComponent(absolute)}`;
}
