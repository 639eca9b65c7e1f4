// The reply that came last, for `/page` and `/save`.

import type { CompiledCommand } from "../../protocol/compile.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { formatLine } from "../../dialects/lineup1/line.ts";
import { size } from "../figures.ts";
import { newFile } from "../private_file.ts";
import { painter } from "../style.ts";
import { expand } from "./files.ts";
import { showFrame } from "./reply.ts";
import type { TerminalRequest } from "./requests.ts";

/** The most bytes that are kept of a reply. */
const MOST_BYTES = 64 << 20;
/** The cost of a frame beside its line and body, roughly. */
const FRAME_BYTES = 200;
const END = new TextEncoder().encode("\n");
const plain = painter(false);

/** Keeps the frames of one reply. */
export class LastReply {
  #request: TerminalRequest | undefined;
  #command: CompiledCommand | undefined;
  #frames: Frame[] = [];
  #bytes = 0;
  #leftOut = 0;

  /** Takes a frame. The frame of another request begins another reply. */
  add(frame: Frame, request: TerminalRequest, command: CompiledCommand | undefined): void {
    if (request !== this.#request) {
      this.#request = request;
      this.#frames = [];
      this.#bytes = this.#leftOut = 0;
    }
    this.#command = command;
    this.#bytes += FRAME_BYTES + (frame.body?.length ?? 0);
    if (this.#bytes > MOST_BYTES) this.#leftOut++;
    else this.#frames.push(frame);
  }

  /** Whether there was no reply yet. */
  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  /** The request of the reply. */
  get title(): string {
    return this.#request?.text ?? "";
  }

  /** The lines of the reply as the terminal shows them, without colours. */
  lines(): string[] {
    const text = this.#frames.map((frame) => showFrame(frame, undefined, plain, this.#command));
    const lines = text.join("").trimEnd().split("\n");
    return this.#leftOut > 0 ? [...lines, this.#tooLong()] : lines;
  }

  /** Writes the reply to a new file, as `lineup call` prints it. Returns what to say. Throws an `Error`. */
  save(path: string): string {
    using file = newFile(expand(path), false);
    let bytes = 0;
    const write = (part: Uint8Array): void => {
      file.write(part);
      bytes += part.length;
    };
    for (const frame of this.#frames) {
      const { body } = frame;
      write(
        new TextEncoder().encode(formatLine({ ...frame, tag: undefined }, body?.length) + "\n"),
      );
      if (body === undefined) continue;
      write(body);
      if (body.at(-1) !== END[0]) write(END);
    }
    file.finish();
    const more = this.#leftOut > 0 ? `; ${this.#tooLong()}` : "";
    return `${size(bytes)} of ${this.title} saved to ${path}${more}`;
  }

  #tooLong(): string {
    return `${this.#leftOut} more lines were not kept: the reply has more than ${size(MOST_BYTES)}`;
  }
}
