// The commands of the binary form, by opcode.

import { Buffer } from "node:buffer";
import { encodeText, type Values } from "@lineup/lineup";
import { credentialsOfSasl } from "./proof.ts";

/** The exptime of a counter that is not to be made. */
const NO_CREATE = 0xffff_ffff;

/** The parts of a request behind its header. */
export interface BinaryParts {
  readonly extras: DataView;
  readonly key: string;
  readonly value: string;
  readonly cas: number | undefined;
}

/** A binary command: the lengths of its extras, how they are read, and the body of its answer. */
export interface BinaryCommand {
  readonly verb: string;
  readonly extras: readonly number[];
  /** Whether it has a key: yes, no, or as it likes. */
  readonly key?: boolean;
  /** Whether it has a value. */
  readonly value?: boolean;
  read?(parts: BinaryParts): Values;
  /** Whether its answers have the key, also where there is nothing. */
  readonly withKey?: boolean;
  /** The body of the answer. Default: none. */
  body?(reply: Values, key: string): BinaryBody;
}

/** The parts of an answer behind its header. */
export interface BinaryBody {
  readonly extras?: Uint8Array;
  readonly key?: string;
  readonly value?: Uint8Array;
}

/** A number as big-endian bytes. */
function bytesOfNumber(number: bigint, size: 4 | 8): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  if (size === 4) view.setUint32(0, Number(number));
  else view.setBigUint64(0, number);
  return new Uint8Array(view.buffer);
}

/** The bytes for which the characters of a key or value stand. */
export function bytesOfText(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

function get(touches: boolean, withKey: boolean): BinaryCommand {
  return {
    verb: "GET",
    extras: [touches ? 4 : 0],
    key: true,
    withKey,
    read: ({ extras, key }) => ({ key, touch: touches ? extras.getUint32(0) : undefined }),
    body: ({ flags, value }, key) => ({
      extras: bytesOfNumber(BigInt(flags as number), 4),
      key: withKey ? key : undefined,
      value: bytesOfText(value as string),
    }),
  };
}

function store(mode: string): BinaryCommand {
  return {
    verb: "STORE",
    extras: [8],
    key: true,
    value: true,
    read: ({ extras, key, value, cas }) => ({
      key,
      value,
      // As in the original, the number of an item makes any of them a cas.
      mode: cas === undefined ? mode : "set",
      flags: extras.getUint32(0),
      exptime: extras.getUint32(4),
      cas,
    }),
  };
}

function join(mode: string): BinaryCommand {
  return {
    verb: "STORE",
    extras: [0],
    key: true,
    value: true,
    read: ({ key, value, cas }) => ({ key, value, mode, flags: 0, exptime: 0, cas }),
  };
}

function change(down: boolean): BinaryCommand {
  return {
    verb: "CHANGE",
    extras: [20],
    key: true,
    read({ extras, key, cas }) {
      const exptime = extras.getUint32(16);
      return {
        key,
        by: String(extras.getBigUint64(0)),
        down,
        cas,
        create: exptime === NO_CREATE ? undefined : exptime,
        initial: String(extras.getBigUint64(8)),
      };
    },
    body: ({ value }) => ({ value: bytesOfNumber(BigInt(value as string), 8) }),
  };
}

/** Answers the flags, as gat does, but not the value. */
const touch: BinaryCommand = {
  verb: "GET",
  extras: [4],
  key: true,
  read: ({ extras, key }) => ({ key, touch: extras.getUint32(0) }),
  body: ({ flags }) => ({ extras: bytesOfNumber(BigInt(flags as number), 4) }),
};
const remove: BinaryCommand = {
  verb: "DELETE",
  extras: [0],
  key: true,
  read: ({ key, cas }) => ({ key, cas }),
};
const quit: BinaryCommand = { verb: "QUIT", extras: [0] };
const flush: BinaryCommand = {
  verb: "FLUSH-ALL",
  extras: [0, 4],
  read: ({ extras }) => ({ exptime: extras.byteLength === 4 ? extras.getUint32(0) : 0 }),
};

/** The commands by opcode. A quiet one says nothing where its answer is the usual one. */
export const binaryCommands: ReadonlyMap<
  number,
  readonly [command: BinaryCommand, quiet?: boolean]
> = new Map([
  [0x00, [get(false, false)]],
  [0x01, [store("set")]],
  [0x02, [store("add")]],
  [0x03, [store("replace")]],
  [0x04, [remove]],
  [0x05, [change(false)]],
  [0x06, [change(true)]],
  [0x07, [quit]],
  [0x08, [flush]],
  [0x09, [get(false, false), true]],
  [0x0a, [{ verb: "NOOP", extras: [0] }]],
  [0x0b, [{
    verb: "VERSION",
    extras: [0],
    body: ({ version }) => ({ value: encodeText(version as string) }),
  }]],
  [0x0c, [get(false, true)]],
  [0x0d, [get(false, true), true]],
  [0x0e, [join("append")]],
  [0x0f, [join("prepend")]],
  [0x10, [{ verb: "STATS", extras: [0], read: ({ key }) => ({ of: key === "" ? "stats" : key }) }]],
  [0x11, [store("set"), true]],
  [0x12, [store("add"), true]],
  [0x13, [store("replace"), true]],
  [0x14, [remove, true]],
  [0x15, [change(false), true]],
  [0x16, [change(true), true]],
  [0x17, [quit, true]],
  [0x18, [flush, true]],
  [0x19, [join("append"), true]],
  [0x1a, [join("prepend"), true]],
  [0x1b, [{
    verb: "VERBOSITY",
    extras: [4],
    read: ({ extras }) => ({ level: extras.getUint32(0) }),
  }]],
  [0x1c, [touch]],
  [0x1d, [get(true, false)]],
  [0x1e, [get(true, false), true]],
  [0x23, [get(true, true)]],
  [0x24, [get(true, true), true]],
] as [number, [BinaryCommand, boolean?]][]);

/** Those, and SASL, which a server without identities does not know. */
export const commandsWithProof: typeof binaryCommands = new Map([
  ...binaryCommands,
  [0x20, [{
    verb: "MECHANISMS",
    extras: [0],
    body: ({ mechanisms }) => ({ value: encodeText(mechanisms as string) }),
  }]],
  [0x21, [{
    verb: "AUTH",
    extras: [0],
    key: true,
    value: true,
    read: ({ key, value }) => ({ credentials: credentialsOfSasl(key, value) ?? ["", ""] }),
    body: () => ({ value: encodeText("Authenticated") }),
  }]],
]);
