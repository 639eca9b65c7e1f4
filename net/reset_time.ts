// The time that a reset takes to arrive. On loopback it arrives at once, unless the machine is busy. From another
// machine it takes a round trip.

const LOOPBACK_MS = 20;
/** The longest time in ms for a reset from another machine. */
export const ELSEWHERE_MS = 500;
const LOOPBACK = /^(::ffff:)?127\.|^::1$/;

/** The longest time in ms between a write to an address and the reset that it causes. */
export function resetTimeTo(hostname: string): number {
  return LOOPBACK.test(hostname) ? LOOPBACK_MS : ELSEWHERE_MS;
}
