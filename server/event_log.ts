// Writes the events of a server to its log, and bounds how often.

import type { Clock } from "../scheduling/clock.ts";
import { formatDuration } from "../protocol/duration.ts";
import { ClientLog } from "./client_log.ts";
import { isLogged, type LogEntry, type LogLevel } from "./log.ts";
import { RepeatingLog } from "./repeating_log.ts";
import type { ServerEvent } from "./server_event.ts";

/** The subscriber that writes log entries. */
export class EventLog {
  readonly #log: (entry: LogEntry) => void;
  /** The least level of the entries that are written. */
  level: LogLevel;
  /** For events that clients can cause as often as they like. */
  readonly #clients: ClientLog;
  /** For failures inside the server. Clients can cause them too, but must not bury them under other entries. */
  readonly #incidents: ClientLog;
  readonly #repeating: RepeatingLog;
  /** For refused connections: clients come again and again, and must not bury the other entries. */
  readonly #refusals: RepeatingLog;

  /** Writes the entries from `level` up to `log`. */
  constructor(clock: Clock, log: (entry: LogEntry) => void, level: LogLevel = "info") {
    const wanted = (entry: LogEntry): void => {
      if (isLogged(entry.level, this.level)) log(entry);
    };
    this.#log = wanted;
    this.level = level;
    this.#clients = new ClientLog(clock, wanted);
    this.#incidents = new ClientLog(clock, wanted);
    this.#repeating = new RepeatingLog(clock, wanted);
    this.#refusals = new RepeatingLog(clock, wanted);
  }

  /** Logs the number of omitted entries that the log has not counted yet. */
  flush(): void {
    this.#clients.flush();
    this.#incidents.flush();
  }

  /** Writes the entry of an event. */
  readonly write = (event: ServerEvent): void => {
    switch (event.kind) {
      case "connection-ended": {
        const { client, requests, errors, seconds, code, why } = event;
        const message = code === undefined ? "connection ended" : `connection ended: ${code}`;
        // A client that leaves is nothing to tell of, unless its input or its connection was wrong.
        const level = code === undefined && why === undefined ? "debug" : "info";
        // An entry that is not wanted must not count as one of a client's.
        if (!isLogged(level, this.level)) break;
        this.#clients.add({ level, message, client, requests, errors, seconds, why });
        break;
      }
      case "connection-refused": {
        const { client, code, why } = event;
        this.#refusals.add({ level: "info", message: `connection refused: ${code}`, client, why });
        break;
      }
      case "connection-dropped": {
        const { client, why, bytes } = event;
        const message = `connection dropped: ${why}`;
        this.#clients.add({ level: "error", message, client, bytes });
        break;
      }
      case "proxy-header-missing": {
        const { client, why } = event;
        const message = "connection dropped: no PROXY header of a listed proxy";
        this.#clients.add({ level: "error", message, client, why });
        break;
      }
      case "authentication-failed": {
        const { client, why } = event;
        this.#clients.add({ level: "info", message: "authentication failed", client, why });
        break;
      }
      case "access-refused": {
        const { client, identity, verb, code, why } = event;
        const message = `access refused: ${code}`;
        this.#clients.add({ level: "info", message, client, identity, verb, why });
        break;
      }
      case "access-ended": {
        const { client, identity, why } = event;
        const message = "connection ended: its identity has changed";
        this.#clients.add({ level: "info", message, client, identity, why });
        break;
      }
      case "connection-failed": {
        const { client, error } = event;
        this.#incidents.add({ level: "error", message: "connection failed", client, error });
        break;
      }
      case "handler-failed": {
        const { verb, client, incident, error, undeclared } = event;
        const message = undeclared === undefined
          ? `${verb} failed`
          : `${verb} threw the Refusal ${undeclared}, which its errors do not declare`;
        this.#incidents.add({ level: "error", message, verb, client, incident, error });
        break;
      }
      case "handler-logged": {
        const { verb, client, message, details } = event;
        this.#log({ level: "info", message, verb, client, ...details });
        break;
      }
      case "accept-failed": {
        const { address, error } = event;
        this.#repeat({ level: "error", message: "accept failed", address, error });
        break;
      }
      case "accept-resumed": {
        const { address, failures } = event;
        this.#repeat({ level: "info", message: "accepting again", address, failures });
        break;
      }
      case "worker-replaced": {
        const { verb, client } = event;
        const message = `${verb} did not stop, so its worker was replaced`;
        this.#log({ level: "error", message, verb, client });
        break;
      }
      case "worker-ended": {
        const { error } = event;
        const message = "a worker ended, and is started again";
        this.#log({ level: "error", message, error });
        break;
      }
      case "subscriber-failed": {
        const { error } = event;
        const message = "a subscriber of telemetry failed, and gets no further events";
        this.#log({ level: "error", message, error });
        break;
      }
      case "signalled": {
        const { address, signal, drain: time } = event;
        const drain = time && formatDuration(time);
        const message = drain === undefined ? "cutting off the rest" : "shutting down";
        this.#log({ level: "info", message, address, signal, drain });
        break;
      }
      case "reloaded": {
        const { kind: _, ...outcome } = event;
        const isDone = "did" in outcome;
        const message = isDone ? "reloaded" : "not reloaded";
        this.#log({ level: isDone ? "info" : "error", message, ...outcome });
        break;
      }
      case "certificate-ends": {
        const { file, expired } = event;
        const message = expired ? "the certificate has expired" : "the certificate expires soon";
        const until = new Date(event.until).toISOString();
        this.#log({ level: expired ? "error" : "info", message, file, until });
        break;
      }
      case "shut-down": {
        const { kind: _, ...figures } = event;
        this.#log({ level: "info", message: "shut down", ...figures });
      }
    }
  };

  /** Logs an entry under a key of its listener: a listener must not keep the entries of another from the log. */
  #repeat(entry: LogEntry & { readonly address: string }): void {
    this.#repeating.add(entry, `${entry.message} ${entry.address}`);
  }
}
