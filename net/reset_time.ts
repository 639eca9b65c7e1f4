// How long a reset takes to come back. On loopback it is there at once, unless the machine is busy; elsewhere it takes a
// round trip.

const LOOPBACK_MS = 20;
/** How long a reset may take from another machine, in ms. */
export const ELSEWHERE_MS = 500;
const LOOPBACK = /^(::ffff:)?127\.|^::1$/;

/** How long after a write to an address a reset may take, in ms. */
export function resetTimeTo(hostname: string): number {
  return LOOPBACK.test(hostname) ? LOOPBACK_MS : ELSEWHERE_MS;
}
