// The size of a file for the page that loads it.

/** Bytes of the minified code, and of its transfer over the network. */
export interface Sizes {
  readonly minified: number;
  readonly gzipped: number;
}

/** The most bytes of the browser's file, gzipped. A page loads the file before it can do anything. */
export const MOST_FOR_BROWSERS = 18_000;

/** The sizes of minified code. */
export async function sizesOf(code: Uint8Array): Promise<Sizes> {
  const zipped = new Blob([code as Uint8Array<ArrayBuffer>]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return {
    minified: code.length,
    gzipped: (await new Response(zipped).arrayBuffer()).byteLength,
  };
}
