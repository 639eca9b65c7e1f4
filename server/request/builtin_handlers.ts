// The commands that the server answers itself.

import { specDocument } from "../../protocol/document.ts";
import { Refusal } from "../../protocol/errors.ts";
import { commandHelp, helpText } from "../../protocol/help.ts";
import type { Values } from "../../dialects/lineup1/message.ts";
import type { BuiltinCommands } from "../../dialects/lineup1/builtin_protocol.ts";
import type { Request } from "./request.ts";
import { figures } from "../stats.ts";

type BuiltinHandler = (args: Values, call: Request) => unknown;

/** A handler for every built-in command. */
export const builtinHandlers: Readonly<Record<keyof BuiltinCommands, BuiltinHandler>> = {
  HELLO(
    { version, agent, timing, events, "half-close": halfCloses, heartbeat },
    { connection },
  ) {
    if (version !== "lineup/1") {
      throw new Refusal("unsupported-version", "This server speaks lineup/1.");
    }
    connection.introduced = true;
    if (agent !== undefined) connection.agent = agent as string;
    if (timing !== undefined) connection.timing = timing as boolean;
    if (events !== undefined) connection.events = events as boolean;
    if (halfCloses !== undefined) connection.halfCloses = halfCloses as boolean;
    if (heartbeat !== undefined) connection.expectEvery(heartbeat as number);
    const { limits, compiled } = connection.server;
    return {
      version: "lineup/1",
      protocol: `${compiled.protocol.name}/${compiled.protocol.version}`,
      "max-line": limits.maxLine,
      "max-body": limits.maxBody,
      auth: "none",
    };
  },

  HELP({ verb }, { connection }) {
    const { compiled } = connection.server;
    let text: string;
    if (verb === undefined) text = helpText(compiled);
    else {
      const command = compiled.commands.get((verb as string).toUpperCase());
      if (command === undefined) {
        throw new Refusal("bad-arguments", `There is no command ${verb}; HELP lists them.`);
      }
      text = commandHelp(command);
    }
    return { body: text.replaceAll("\n", connection.eol) };
  },

  SPEC(_args, { connection }) {
    return { body: specDocument(connection.server.compiled) };
  },

  PING({ word }) {
    return { word: word ?? "pong" };
  },

  *STATS(_args, { connection }) {
    let count = 0;
    for (const [name, value] of figures(connection.server)) {
      yield { name, value: String(value) };
      count++;
    }
    return { count };
  },

  CANCEL({ tag }, { connection }) {
    const call = connection.find(tag as string);
    if (call === undefined) {
      throw new Refusal("not-found", `No request with the tag ${tag} waits or runs.`);
    }
    call.abort("cancelled", "CANCEL ended the request.");
    return {};
  },

  async QUIT(_args, call) {
    const { connection } = call;
    connection.end();
    if (connection.inFlight > 1) await call.outOfSeat(connection.othersAnswered(call));
    return { word: "bye" };
  },
};
