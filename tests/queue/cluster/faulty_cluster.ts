import type { Cluster } from "../../../queue/cluster/cluster.ts";

const ROOM = new URL("../../../queue/cluster/", import.meta.url);
const IMPORTED = /from "(\.[^"]*)"/g;

/** The membership with one piece of one of its files replaced. Throws where the file has no such piece, or several. */
export async function faultyCluster(
  file: string,
  piece: string,
  becomes: string,
): Promise<typeof Cluster> {
  const faulty = new URL(file, ROOM).href;
  /** The address of a module: another one if it, or one that it imports, has the fault. */
  const addressOf = async (module: string): Promise<string> => {
    if (!module.startsWith(ROOM.href)) return module;
    const text = await Deno.readTextFile(new URL(module));
    if (module === faulty && text.split(piece).length !== 2) {
      throw new Error(`${file} has not one ${piece}`);
    }
    const imports = new Map<string, string>();
    let isOther = module === faulty;
    for (const [, path] of text.matchAll(IMPORTED)) {
      const { href } = new URL(path, module);
      const address = await addressOf(href);
      imports.set(path, address);
      isOther ||= address !== href;
    }
    if (!isOther) return module;
    const other = text.replace(IMPORTED, (_, path) => `from "${imports.get(path)}"`);
    const code = module === faulty ? other.replace(piece, () => becomes) : other;
    return `data:application/typescript,${encodeURIComponent(code)}`;
  };
  return (await import(await addressOf(new URL("cluster.ts", ROOM).href))).Cluster;
}
