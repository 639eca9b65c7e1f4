// Tells subscribers of requests. It exists only while somebody listens.

import type { ObservedRequest, TelemetrySubscriber } from "./telemetry_subscriber.ts";

/** The methods of a subscriber that are about requests. */
export const REQUEST_METHODS = [
  "requestQueued",
  "requestStarted",
  "requestFinished",
  "inputRefused",
] as const;

/** The subscribers of requests, by method. */
export class RequestFeed {
  readonly #queued: readonly TelemetrySubscriber[];
  readonly #started: readonly TelemetrySubscriber[];
  readonly #finished: readonly TelemetrySubscriber[];
  readonly #refused: readonly TelemetrySubscriber[];
  readonly #onError: (subscriber: TelemetrySubscriber, error: unknown) => void;

  constructor(
    subscribers: readonly TelemetrySubscriber[],
    onError: (subscriber: TelemetrySubscriber, error: unknown) => void,
  ) {
    [this.#queued, this.#started, this.#finished, this.#refused] = REQUEST_METHODS.map((method) =>
      subscribers.filter((each) => each[method] !== undefined)
    );
    this.#onError = onError;
  }

  queued(request: ObservedRequest): void {
    for (const each of this.#queued) {
      try {
        each.requestQueued!(request);
      } catch (error) {
        this.#onError(each, error);
      }
    }
  }

  started(request: ObservedRequest): void {
    for (const each of this.#started) {
      try {
        each.requestStarted!(request);
      } catch (error) {
        this.#onError(each, error);
      }
    }
  }

  finished(request: ObservedRequest, code: string | undefined, now: number): void {
    for (const each of this.#finished) {
      try {
        each.requestFinished!(request, code, now);
      } catch (error) {
        this.#onError(each, error);
      }
    }
  }

  refused(verb: string | undefined, code: string, peer: string): void {
    for (const each of this.#refused) {
      try {
        each.inputRefused!({ verb, code, peer });
      } catch (error) {
        this.#onError(each, error);
      }
    }
  }
}
