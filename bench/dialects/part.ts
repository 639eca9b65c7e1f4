import type { RunningServer } from "../servers.ts";
import type { PipelinedLoad } from "./load.ts";

/** One dialect beside the original server of its protocol. */
export interface DialectPart {
  readonly name: string;
  /** Starts the example. */
  ours(): Promise<RunningServer>;
  /** Starts the original; `undefined` where it is not installed. */
  peer(): Promise<RunningServer | undefined>;
  /** The program that lacks then, and how to install it. */
  readonly missing: string;
  /** The loads by name, in their order. */
  readonly loads: Readonly<Record<string, PipelinedLoad>>;
  /** The least ratio to the original, by load. Default: none is required. */
  readonly least: Readonly<Record<string, number>>;
}
