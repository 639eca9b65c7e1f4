// What the compiler says of a wrong protocol: the sentence of `compile`, in place of a comparison of types.

import type { TypeOf } from "./infer.ts";
import type { Protocol, wireOptions } from "./spec.ts";

/**
 * A protocol as functions take it: `P` itself, or for a wrong one a sentence, which the compiler shows in its error. Rules
 * that types cannot tell are left to `compile`, such as the characters of a verb. `Reserved` is the sentence about words
 * that a dialect reserves.
 *
 * @example
 * ```ts
 * import type { Protocol, SoundProtocol } from "@lineup/lineup/protocol";
 *
 * function describe<const P extends object>(protocol: SoundProtocol<P>): string {
 *   return (protocol as Protocol).summary;
 * }
 *
 * const calc = { name: "calc", version: "1.0", summary: "Adds.", commands: { ADD: { summary: "Add." } } } as const;
 * describe(calc);
 * // @ts-expect-error commands.add: a verb is an upper-case letter and up to 31 of A-Z, 0-9 and "-"
 * describe({ ...calc, commands: { add: { summary: "Add." } } });
 * ```
 */
export type SoundProtocol<P, Reserved = never> = [ProtocolComplaint<P> | Reserved] extends [never]
  ? P & Protocol
  : ProtocolComplaint<P> | Reserved;

/** What is wrong with a protocol, as a sentence; `never` where types can tell of nothing. */
export type ProtocolComplaint<P> = P extends { readonly commands: infer C } ?
    | NameComplaint<P>
    | VersionComplaint<P>
    | {
      [V in keyof C & string]: string extends V ? never : CommandComplaint<V, C[V]>;
    }[keyof C & string]
  : never;

/** @internal */
type NameComplaint<P> = P extends { readonly name: infer N extends string }
  ? string extends N ? never
  : N extends Lowercase<N>
    ? N extends "" | `${string}${" " | "_" | "." | "/"}${string}` ? NotAName : never
  : NotAName
  : never;

type NotAName = 'name: must be a lower-case word of up to 32 letters, digits and "-"';

/** @internal */
type VersionComplaint<P> = P extends { readonly version: infer N extends string }
  ? string extends N ? never
  : N extends `${number}` | `${number}.${number}` ? never
  : "version: must be numbers such as 1.0"
  : never;

/** @internal */
type CommandComplaint<V extends string, C> =
  | (V extends Uppercase<V> ? never
    : `commands.${V}: a verb is an upper-case letter and up to 31 of A-Z, 0-9 and "-"`)
  | CommonOptionComplaint<V, keyof FieldsOf<C, "options"> & keyof typeof wireOptions>
  | {
    [Part in "args" | "options" | "reply" | "items"]: FieldsComplaint<
      `commands.${V}.${Part}`,
      FieldsOf<C, Part>
    >;
  }["args" | "options" | "reply" | "items"];

type CommonOptionComplaint<V extends string, N extends string> = N extends string
  ? `commands.${V}.options.${N}: every command takes an option of this name`
  : never;

/** The fields that a command has in one of its parts. */
export type FieldsOf<C, Part extends string> = C extends { readonly [_ in Part]: infer F } ? F
  : Record<never, never>;

type FieldsComplaint<Path extends string, F> = {
  [N in keyof F & string]: string extends N ? never
    : N extends Lowercase<N> ? string extends TypeOf<F[N]> ? Widened : EnumComplaint<Path, N, F[N]>
    : `${Path}.${N}: a name is a lower-case letter and lower-case letters, digits, "-"`;
}[keyof F & string];

type EnumComplaint<Path extends string, N extends string, F> = [TypeOf<F>] extends
  ["enum" | "enum?" | "enum..."]
  ? "values" extends keyof F ? never : `${Path}.${N}.values: an enum has values, and only an enum`
  : never;

/** One sentence for all fields: the compiler would show a sentence for each. */
type Widened =
  "the types of this protocol are lost: write `as const satisfies Protocol` behind the object";
