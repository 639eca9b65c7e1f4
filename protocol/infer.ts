// The types that follow from a protocol: what handlers get and return, what calls take and yield.

import type { StandardSchema } from "./standard_schema.ts";
import type { Command, Fields, TypeName } from "./spec.ts";

/** The JavaScript value of each type: durations are milliseconds, sizes are bytes. */
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
  /** Anything JSON can say. */
  // deno-lint-ignore no-explicit-any
  json: any;
  /** One of the `values`. */
  enum: string;
}

/** One flat object type out of an intersection. */
export type Simple<T> = { [K in keyof T]: T[K] } & unknown;

/** The value of a field, not yet checked and not yet many. */
export type Single<F> = F extends `${infer T extends TypeName}?` ? ValueTypes[T]
  : F extends `${infer T extends TypeName}...` ? ValueTypes[T]
  : F extends TypeName ? ValueTypes[F]
  : F extends { type: "enum"; values: readonly (infer V)[] } ? V
  : F extends { type: infer T extends TypeName } ? ValueTypes[T]
  : never;

/** Whether a field holds one or more values. */
export type IsMany<F> = F extends `${TypeName}...` | { many: true } ? true : false;
/** Whether a field may be left out. */
export type IsOptional<F> = F extends `${TypeName}?` | { optional: true } | { default: string }
  ? true
  : false;
/** Whether a field has a value where none is given. */
export type HasDefault<F> = F extends { default: string } ? true : false;

/** A field's value behind its schema. */
export type Checked<F> = F extends { schema: StandardSchema<infer _I, infer O> } ? O : Single<F>;
/** A field's value before its schema. */
export type Unchecked<F> = F extends { schema: StandardSchema<infer I, infer _O> } ? I : Single<F>;

/** The value of a field where it is received. */
export type Received<F> = IsMany<F> extends true ? Checked<F>[] : Checked<F>;
/** What may be given for a value: text stands for its bytes. */
export type Written<T> = T extends Uint8Array ? T | string : T;
/** The value of a field where it is given; text may stand for its bytes. */
export type Given<F> = IsMany<F> extends true ? readonly Written<Unchecked<F>>[]
  : Written<Unchecked<F>>;

/** The names of the fields that may be left out. */
export type OptionalKeys<R> = {
  [K in keyof R]: IsOptional<R[K]> extends true ? K : never;
}[keyof R];
/** The names of the arguments that a handler may find missing. */
export type AbsentKeys<R> = {
  [K in keyof R]: IsOptional<R[K]> extends true ? HasDefault<R[K]> extends true ? never : K : never;
}[keyof R];
/** The names of the options that must be given. */
export type OptionNeeded<R> = {
  [K in keyof R]: R[K] extends { required: true } ? K : never;
}[keyof R];
/** The names of the options that a handler finds in any case. */
export type OptionPresent<R> = {
  [K in keyof R]: R[K] extends { required: true } | { default: string } ? K : never;
}[keyof R];

/** The arguments that a command declares. */
export type ArgFields<C> = C extends { args: infer A extends Fields } ? A : Record<never, never>;
/** The options that a command declares. */
export type OptionFields<C> = C extends { options: infer O extends Fields } ? O
  : Record<never, never>;
/** The fields of a command's `OK` line. */
export type ReplyFields<C> = C extends { reply: infer R extends Fields } ? R : Record<never, never>;
/** The fields of a command's `*` lines. */
export type ItemFields<C> = C extends { items: infer I extends Fields } ? I : Record<never, never>;

/** What the handler of a command gets: arguments, options and body by name. */
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

/** What a call of a command takes. */
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

/** The values of fields where they are received. */
export type ReceivedFields<R> = Simple<
  & { [K in Exclude<keyof R, OptionalKeys<R>>]: Received<R[K]> }
  & { [K in OptionalKeys<R>]?: Received<R[K]> }
>;
/** The values of fields where they are given. */
export type GivenFields<R> = Simple<
  & { [K in Exclude<keyof R, OptionalKeys<R>>]: Given<R[K]> }
  & { [K in OptionalKeys<R>]?: Given<R[K]> | undefined }
>;

/** What a call yields at its end. */
export type ReceivedReply<C> = ReceivedFields<ReplyFields<C>>;
/** What a call of a streaming command yields on the way. */
export type ReceivedItem<C> = ReceivedFields<ItemFields<C>>;
/** What a handler returns; nothing where no field is required. */
export type GivenReply<C> = Record<never, never> extends GivenFields<ReplyFields<C>>
  ? GivenFields<ReplyFields<C>> | void
  : GivenFields<ReplyFields<C>>;
/** What a handler of a streaming command yields. */
export type GivenItem<C> = GivenFields<ItemFields<C>>;

/** Whether a command streams items. */
export type Streams<C> = C extends { items: Fields } ? true : false;

/** The arguments of a call: one object, which may be left out where nothing in it is required. */
export type CallArgs<C extends Command> = Record<never, never> extends GivenArgs<C>
  ? [args?: GivenArgs<C> | undefined]
  : [args: GivenArgs<C>];
