/**
 * A protocol as data: its commands, types, values and errors, and the texts made from it. Pure: no I/O, no clock, no
 * runtime API. The grammar of Lineup/1 is exported here as well.
 *
 * @example
 * ```ts
 * import { compile, helpText, type Protocol } from "@lineup/lineup/protocol";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const calc = {
 *   name: "calc",
 *   version: "1.0",
 *   summary: "A calculator on a line.",
 *   commands: {
 *     ADD: { summary: "Add two numbers.", args: { a: "number", b: "number" }, reply: { sum: "number" } },
 *   },
 * } as const satisfies Protocol;
 *
 * assertStringIncludes(helpText(compile(calc)), "ADD a b");
 * ```
 *
 * @module
 */

export * from "./spec.ts";
export * from "./infer.ts";
export * from "./errors.ts";
export { combine, type Combined, type Intersection } from "./combine.ts";
export * from "../dialects/wire_limits.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "./standard_schema.ts";
export {
  builtin,
  type BuiltinCommands,
  type CommandsOf,
} from "../dialects/lineup1/builtin_protocol.ts";
export { compile } from "../dialects/lineup1/compile.ts";
export type { FieldsOf, ProtocolComplaint, SoundProtocol } from "./sound_protocol.ts";
export type { ReservedComplaint } from "../dialects/lineup1/reserved_words.ts";
export {
  type CompiledCommand,
  type CompiledProtocol,
  compileProtocol,
  type Reserved,
} from "./compile.ts";
export { type Call, readCalls } from "../dialects/lineup1/calls.ts";
export type { NamedField } from "./fields.ts";
export type { Shape, Values } from "./shape.ts";
export { SpecError } from "./spec_error.ts";
export { type Framed, Framer } from "../dialects/lineup1/framer.ts";
export { createReplyReader, type ReplyReader } from "../dialects/lineup1/reply_reader.ts";
export type { Malformed } from "../dialects/lineup1/malformed.ts";
export { telnet, type TelnetCommand } from "../dialects/lineup1/telnet.ts";
export { encodeFrame, type Frame, type FrameInit } from "../dialects/lineup1/frame.ts";
export { formatLine, type Line, type Side } from "../dialects/lineup1/line.ts";
export { formatWord, quote } from "./quoting.ts";
export { decodeText, encodeText } from "./strings.ts";
export {
  type AnswerShapes,
  type LineParts,
  readAnswer,
  readReply,
  readRequest,
  type WireShape,
  writeParts,
} from "../dialects/lineup1/message.ts";
export { BadValue, formatValue, parseValue } from "./values.ts";
export { commandHelp, helpText } from "./help.ts";
export { usageLine } from "./usage.ts";
export { type SpecDocument, specDocument } from "./document.ts";
export { markdown } from "./reference.ts";
export { typesModule } from "./types_module.ts";
export {
  caseBytes,
  type CaseSubject,
  type ConformanceCase,
  conformanceCases,
  type ConformanceLevel,
  conformanceLevels,
  type Piece,
} from "../dialects/lineup1/conformance/mod.ts";
