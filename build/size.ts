// How large a file is for whoever loads it.

/** Bytes of the minified code, and of what goes over the network. */
export interface Sizes {
  readonly minified: number;
  readonly gzipped: number;
}

/** What the browser's file may have: a page loads it before it can do anything. */
export const BROWSER_BOUNDS: Sizes = { minified: 28 * 1024, gzipped: 12 * 1024 };

/** The sizes of minified code. */
export async function sizesOf(code: Uint8Array): Promise<Sizes> {
  const zipped = new Blob([code as Uint8Array<ArrayBuffer>]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return {
    minified: code.length,
    gzipped: (await new Response(zipped).arrayBuffer()).byteLength,
  };
}

/** What is larger than it may be, each in a sentence. */
export function tooLarge(sizes: Sizes, bounds: Sizes): string[] {
  return (["minified", "gzipped"] as const).filter((what) => sizes[what] > bounds[what])
    .map((what) => `${sizes[what]} bytes ${what}; it may have ${bounds[what]}`);
}
