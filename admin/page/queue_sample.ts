/** The state of a queue at one moment. */
export interface QueueSample {
  /** The name of the queue. */
  readonly queue: string;
  /** How many jobs it has in each of these states. */
  readonly counts: { readonly delayed: number; ready: number; taken: number; dead: number };
  /** When the job that has been ready for longest became so, in ms of the clock; `undefined` if none is ready. */
  readonly oldest: number | undefined;
}
