// The complaints of the compiler about a protocol that has words of Lineup/1, in the sentences of `compile`.

import type { FieldsOf } from "../../protocol/sound_protocol.ts";
import type { BuiltinCommands } from "./builtin_protocol.ts";

/** The sentence about words that Lineup/1 reserves; `never` where a protocol has none of them. */
export type ReservedComplaint<P> = P extends { readonly commands: infer C } ? {
    [V in keyof C & string]: string extends V ? never
      : VerbComplaint<V> | TimingComplaint<V, keyof FieldsOf<C[V], "reply"> & ("waited" | "took")>;
  }[keyof C & string]
  : never;

/** @internal */
type VerbComplaint<V extends string> = V extends keyof BuiltinCommands
  ? `commands.${V}: every server answers this command itself; choose another verb`
  : V extends "OK" | "ERR" ? `commands.${V}: a reply begins with this word; choose another verb`
  : never;

/** @internal */
type TimingComplaint<V extends string, N extends string> = N extends string
  ? `commands.${V}.reply.${N}: timing=on adds this name to every reply; choose another`
  : never;
