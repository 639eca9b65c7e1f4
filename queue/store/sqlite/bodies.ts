// Bodies as they travel between the server and the thread that writes.

/** Bodies, one behind the other. */
export interface PackedBodies {
  /** How long each is; `NONE` for one that is not there. */
  readonly lengths: Float64Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const NONE = -1;
/** How many bytes bodies may share. */
const SHARED = 16_384;

/** Packs bodies. */
export function packBodies(bodies: readonly (Uint8Array | undefined)[]): PackedBodies {
  const lengths = Float64Array.from(bodies, (body) => body?.length ?? NONE);
  const bytes = new Uint8Array(bodies.reduce((sum, body) => sum + (body?.length ?? 0), 0));
  let end = 0;
  for (const body of bodies) {
    if (body === undefined) continue;
    bytes.set(body, end);
    end += body.length;
  }
  return { lengths, bytes };
}

/** The bodies: views of the bytes of all where these are few, as each view keeps all of them in memory. */
export function unpackBodies({ lengths, bytes }: PackedBodies): (Uint8Array | undefined)[] {
  let end = 0;
  const isShared = bytes.length <= SHARED || lengths.length === 1;
  return Array.from(lengths, (length) => {
    if (length === NONE) return undefined;
    const from = end;
    end += length;
    return isShared ? bytes.subarray(from, end) : bytes.slice(from, end);
  });
}
