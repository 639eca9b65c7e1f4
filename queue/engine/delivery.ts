/** A job as a TAKE gets it. */
export interface DeliveredJob {
  readonly id: number;
  readonly queue: string;
  readonly key: string | undefined;
  readonly attempt: number;
  /** In ms. */
  readonly lease: number;
  /** `undefined` while it is read; a job whose body cannot be read is not given. */
  body: Uint8Array | undefined;
}

/** The jobs that a TAKE gets. */
export interface Delivery {
  /** Once the grant is whole, those whose bodies are here. */
  given: readonly DeliveredJob[];
  /** Resolves once they are stored as taken: not before may anybody be told. */
  readonly whole: Promise<Delivery>;
}
