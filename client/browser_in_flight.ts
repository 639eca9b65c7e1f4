// What in_flight.ts is for browsers, where a small file is worth more than what a map costs.

/** Requests by tag. */
export const InFlight = Map;
