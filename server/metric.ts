// Metrics as data: what a server, a queue and your own code tell of themselves. admin/ writes them as text.

/** A metric with its samples. */
export type Metric = CounterMetric | GaugeMetric | HistogramMetric;

/** The labels of a sample. */
export type MetricLabels = Readonly<Record<string, string>>;

/** A number with its labels. */
export interface MetricSample {
  /** Default: none. */
  readonly labels?: MetricLabels;
  /** The value, in the unit of the metric. */
  readonly value: number;
}

/** The parts of each metric. */
export interface MetricParts {
  /**
   * `[a-zA-Z_:][a-zA-Z0-9_:]*`, with the unit at its end: `lineup_store_bytes`. That of a counter is without `_total`,
   * which is added to it.
   */
  readonly name: string;
  /** A sentence. */
  readonly help: string;
}

/** A number that only grows. */
export interface CounterMetric extends MetricParts {
  /** The type. */
  readonly type: "counter";
  /** The numbers, each with other labels. */
  readonly samples: Iterable<MetricSample>;
}

/** A number that grows and shrinks. */
export interface GaugeMetric extends MetricParts {
  /** The type. */
  readonly type: "gauge";
  /** The numbers, each with other labels. */
  readonly samples: Iterable<MetricSample>;
}

/** How often values lay in ranges. */
export interface HistogramMetric extends MetricParts {
  /** The type. */
  readonly type: "histogram";
  /** The histograms, each with other labels. */
  readonly samples: Iterable<{
    /** Default: none. */
    readonly labels?: MetricLabels;
    /** The counts by range, such as `DurationBuckets` of the scheduling module. */
    readonly buckets: BucketCounts;
  }>;
}

/** The counts of a histogram. */
export interface BucketCounts {
  /** The upper bounds of the ranges, rising. */
  readonly bounds: readonly number[];
  /** How many values each range has, without those of the ranges before it; one more range is above the last bound. */
  readonly counts: ArrayLike<number>;
  /** The sum of all values. */
  readonly sum: number;
}
