// The version stands here and not in deno.json: `deno task` fetches each npm package of deno.json before any task, also
// before `deno task start`.

import fc from "npm:fast-check@4.10.2";

export * from "npm:fast-check@4.10.2";
export default fc;

const SURROGATES = 0xd800;
const SURROGATE_COUNT = 0x800;

/**
 * Any code point but half surrogate pairs, as the unit of `fc.string`. The unit "binary" yields the same, but makes a table
 * of all million code points first, which takes a second.
 */
export const codePoint: fc.Arbitrary<string> = fc.nat(0x10ffff - SURROGATE_COUNT).map(
  (index) => String.fromCodePoint(index < SURROGATES ? index : index + SURROGATE_COUNT),
  (text) => {
    const code = typeof text === "string" ? text.codePointAt(0) : undefined;
    if (code === undefined || String.fromCodePoint(code) !== text) throw new TypeError("no unit");
    return code < SURROGATES ? code : code - SURROGATE_COUNT;
  },
);
