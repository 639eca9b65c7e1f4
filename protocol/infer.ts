// The types of handlers and calls, inferred from a protocol.

import type { StandardSchema } from "./standard_schema.ts";
import type { TypeName } from "./spec.ts";

/** The JavaScript value of each type. Durations are in ms, sizes in bytes. */
export interface ValueTypes {
  /** Any text. */
  text: string;
  /** Text without white space or control characters. */
  word: string;
  /** A safe integer. */
  integer: number;
  /** A finite number. */
  number: number;
  /** `yes` or `no`. */
  boolean: boolean;
  /** Milliseconds. */
  duration: number;
  /** Bytes. */
  size: number;
  /** Raw bytes. */
  bytes: Uint8Array;
  /** Any value of JSON. */
  // deno-lint-ignore no-explicit-any
  json: any;
  /** One of the `values`. */
  enum: string;
}

/** An intersection of object types as one object type. */
export type Simple<T> = { [K in keyof T]: T[K] } & unknown;

/**
 * One value of a field, before its schema. It is any where the type of the field is lost: the compiler complains of the
 * protocol then, and of nothing else.
 */
// deno-lint-ignore no-explicit-any
export type Single<F> = string extends TypeOf<F> ? any
  : F extends `${infer T extends TypeName}?` ? ValueTypes[T]
  : F extends `${infer T extends TypeName}...` ? ValueTypes[T]
  : F extends TypeName ? ValueTypes[F]
  : F extends { type: "enum"; values: readonly (infer V)[] } ? V
  : F extends { type: infer T extends TypeName } ? ValueTypes[T]
  : never;

/** The type that a field names: a `TypeName`, perhaps with its mark, or any string where that is lost. */
export type TypeOf<F> = F extends { readonly type: infer T } ? T : F;

/** Whether a field holds one or more values. */
export type IsMany<F> = F extends `${TypeName}...` | { many: true } ? true : false;
/** Whether a field may be left out. */
export type IsOptional<F> = F extends `${TypeName}?` | { optional: true } | { default: string }
  ? true
  : false;
/** Whether a field has a default. */
export type HasDefault<F> = F extends { default: string } ? true : false;

/** A field's value behind its schema. */
export type Checked<F> = F extends { schema: StandardSchema<infer _I, infer O> } ? O : Single<F>;
/** A field's value before its schema. */
export type Unchecked<F> = F extends { schema: StandardSchema<infer I, infer _O> } ? I : Single<F>;

/** The received value of a field. */
export type Received<F> = IsMany<F> extends true ? Checked<F>[] : Checked<F>;
/** The accepted forms of a given value: bytes may be given as text. */
export type Written<T> = T extends Uint8Array ? T | string : T;
/** The given value of a field. */
export type Given<F> = IsMany<F> extends true ? readonly Written<Unchecked<F>>[]
  : Written<Unchecked<F>>;

/** The names of optional fields. */
export type OptionalKeys<R> = {
  [K in keyof R]: IsOptional<R[K]> extends true ? K : never;
}[keyof R];
/** The names of arguments that can be `undefined` for a handler: optional ones without a default. */
export type AbsentKeys<R> = {
  [K in keyof R]: IsOptional<R[K]> extends true ? HasDefault<R[K]> extends true ? never : K : never;
}[keyof R];
/** The names of required options. */
export type OptionNeeded<R> = {
  [K in keyof R]: R[K] extends { required: true } ? K : never;
}[keyof R];
/** The names of options that are never `undefined` for a handler: required ones, and those with a default. */
export type OptionPresent<R> = {
  [K in keyof R]: R[K] extends { required: true } | { default: string } ? K : never;
}[keyof R];

/** The arguments that a command declares. */
export type ArgFields<C> = C extends { args: infer A extends object } ? A : Record<never, never>;
/** The options that a command declares. */
export type OptionFields<C> = C extends { options: infer O extends object } ? O
  : Record<never, never>;
/** The fields of a command's `OK` line. */
export type ReplyFields<C> = C extends { reply: infer R extends object } ? R : Record<never, never>;
/** The fields of a command's `*` lines. */
export type ItemFields<C> = C extends { items: infer I extends object } ? I : Record<never, never>;

/** The arguments of a handler: arguments, options and body by name. */
export type ReceivedArgs<C> = Simple<
  & { [K in Exclude<keyof ArgFields<C>, AbsentKeys<ArgFields<C>>>]: Received<ArgFields<C>[K]> }
  & { [K in AbsentKeys<ArgFields<C>>]?: Received<ArgFields<C>[K]> }
  & { [K in OptionPresent<OptionFields<C>>]: Received<OptionFields<C>[K]> }
  & {
    [K in Exclude<keyof OptionFields<C>, OptionPresent<OptionFields<C>>>]?: Received<
      OptionFields<C>[K]
    >;
  }
>;

/** The arguments of a call: arguments, options and body by name. */
export type GivenArgs<C> = Simple<
  & { [K in Exclude<keyof ArgFields<C>, OptionalKeys<ArgFields<C>>>]: Given<ArgFields<C>[K]> }
  & { [K in OptionalKeys<ArgFields<C>>]?: Given<ArgFields<C>[K]> | undefined }
  & { [K in OptionNeeded<OptionFields<C>>]: Given<OptionFields<C>[K]> }
  & {
    [K in Exclude<keyof OptionFields<C>, OptionNeeded<OptionFields<C>>>]?:
      | Given<OptionFields<C>[K]>
      | undefined;
  }
>;

/** The received values of fields. */
export type ReceivedFields<R> = Simple<
  & { [K in Exclude<keyof R, OptionalKeys<R>>]: Received<R[K]> }
  & { [K in OptionalKeys<R>]?: Received<R[K]> }
>;
/** The given values of fields. */
export type GivenFields<R> = Simple<
  & { [K in Exclude<keyof R, OptionalKeys<R>>]: Given<R[K]> }
  & { [K in OptionalKeys<R>]?: Given<R[K]> | undefined }
>;

/** The reply that a call returns. */
export type ReceivedReply<C> = ReceivedFields<ReplyFields<C>>;
/** An item that a call of a streaming command yields. */
export type ReceivedItem<C> = ReceivedFields<ItemFields<C>>;
/** The reply that a handler returns; it may return nothing where no field is required. */
export type GivenReply<C> = Record<never, never> extends GivenFields<ReplyFields<C>>
  ? GivenFields<ReplyFields<C>> | void
  : GivenFields<ReplyFields<C>>;
/** An item that a handler of a streaming command yields. */
export type GivenItem<C> = GivenFields<ItemFields<C>>;

/** Whether a command has items. */
export type Streams<C> = C extends { items: object } ? true : false;

/** The parameters of a call: one object, which is optional where no field of it is required. */
export type CallArgs<C> = Record<never, never> extends GivenArgs<C>
  ? [args?: GivenArgs<C> | undefined]
  : [args: GivenArgs<C>];
