// Values between nodes: JSON, and the bytes in it apart. JSON has no bytes, maps, sets, infinite
// numbers and no undefined members of arrays, so these are
// objects with one member whose name begins with `$`; no other object has such a member.

import { badArguments } from "../refusals.ts";
import { Patterns } from "../patterns.ts";

const HEAD = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Some values as JSON, and the bytes that it refers to. */
export interface WireValue {
  readonly json: string;
  readonly parts: readonly Uint8Array[];
}

/** A value as JSON, and its bytes. */
export function toWire(value: unknown): WireValue {
  const parts: Uint8Array[] = [];
  let end = 0;
  // deno-lint-ignore no-explicit-any
  const json = JSON.stringify(value, function (this: any, name) {
    // The bytes of a Buffer are text by then, unless they are looked at where they are.
    const member = this[name];
    // A member of an object is left out, one of an array is not.
    if (member === undefined) return Array.isArray(this) ? { $u: 1 } : undefined;
    if (typeof member === "number") return Number.isFinite(member) ? member : { $n: `${member}` };
    if (typeof member !== "object" || member === null) return member;
    if (member instanceof Uint8Array) {
      parts.push(member);
      return { $b: [end, end += member.length] };
    }
    if (member instanceof Map) return { $m: [...member] };
    if (member instanceof Set) return { $s: [...member] };
    if (member instanceof Patterns) return { $p: member.texts };
    return member;
  });
  return { json: json ?? "null", parts };
}

/** A value from JSON and the bytes that it refers to. Throws `bad-arguments`. */
export function fromWire(json: string, bytes: Uint8Array): unknown {
  try {
    const hasOthers = json.includes('{"$');
    return JSON.parse(json, hasOthers ? (_name, member) => revived(member, bytes) : undefined) ??
      undefined;
  } catch {
    throw badArguments("This is no call of a node.");
  }
}

// deno-lint-ignore no-explicit-any
function revived(member: any, bytes: Uint8Array): unknown {
  if (typeof member !== "object" || member === null) return member;
  if (member.$b !== undefined) return bytes.subarray(...(member.$b as [number, number]));
  if (member.$u !== undefined) return undefined;
  if (member.$m !== undefined) return new Map(member.$m);
  if (member.$s !== undefined) return new Set(member.$s);
  if (member.$p !== undefined) return new Patterns(member.$p);
  return member.$n === undefined ? member : Number(member.$n);
}

/** A value as one body: the length of its JSON, its JSON, its bytes. */
export function toBody({ json, parts }: WireValue): Uint8Array {
  const text = encoder.encode(json);
  const body = new Uint8Array(parts.reduce((sum, { length }) => sum + length, HEAD + text.length));
  new DataView(body.buffer).setUint32(0, text.length);
  body.set(text, HEAD);
  let at = HEAD + text.length;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

/** A value of one body. Throws `bad-arguments`. */
export function fromBody(body: Uint8Array): unknown {
  if (body.length < HEAD) throw badArguments("This is no call of a node.");
  const length = new DataView(body.buffer, body.byteOffset).getUint32(0);
  const end = HEAD + length;
  return fromWire(decoder.decode(body.subarray(HEAD, end)), body.subarray(end));
}
