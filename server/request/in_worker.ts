/**
 * Stands for a handler that runs in the workers of the server, in the handlers of a service. The module of the workers
 * has the handler itself.
 *
 * @example
 * ```ts
 * import { inWorker, type Service, service } from "@lineup/lineup/server";
 *
 * const sums: Service = service({
 *   name: "sums",
 *   version: "1.0",
 *   summary: "Sums, quick and slow.",
 *   commands: {
 *     ADD: { summary: "Add.", args: { a: "number", b: "number" }, reply: { sum: "number" } },
 *     CRUNCH: { summary: "Add much.", args: { n: "integer" }, reply: { sum: "number" } },
 *   },
 * })({
 *   handlers: { ADD: ({ a, b }) => ({ sum: a + b }), CRUNCH: inWorker },
 * });
 * ```
 */
export function inWorker(): never {
  throw new TypeError("this command runs in a worker, and the server has no workers");
}
