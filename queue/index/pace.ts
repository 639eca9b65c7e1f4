/** What a rate lets through at once, in seconds of it: so a timer that rings late costs none of it. */
const BURST = 0.1;
/** Less than the rounding of times since 1970 in a double, in ms. */
const ROUNDING = 5e-4;

/**
 * How far jobs are ahead of a rate: the generic cell rate algorithm (ITU-T I.371) as a bucket, which owes a job for each
 * that is taken and pays them off at the rate. It survives every change of the rate, so that however often the rate is
 * set, no more go than the rates add up to, and one burst.
 */
export class Pace {
  /** Jobs a second; 0 while nothing is held back. */
  rate = 0;
  /** At which rate the debt is paid off: `rate`, or the last one. */
  #paying = 0;
  #owed = 0;
  #at = 0;
  /** How much may be owed: the burst, or more for a while where the rate is lower than when that was taken. */
  #room = 0;

  /** Another rate from now on; what is owed stays. */
  set(rate: number, now: number): void {
    this.#pay(now);
    this.rate = rate;
    if (rate === 0) return;
    this.#paying = rate;
    this.#room = Math.max(this.#burst, this.#owed);
  }

  /** As it was when all was to be paid at this time. */
  restore(paid: number, now: number): void {
    this.#at = now;
    this.#owed = Math.max(0, paid - now) * this.#paying / 1000;
    this.#room = Math.max(this.#burst, this.#owed);
  }

  /** When all is paid. */
  paid(now: number): number {
    this.#pay(now);
    return this.#owed === 0 ? now : now + this.#owed / this.#paying * 1000;
  }

  /** Counts one that is taken. */
  spend(now: number): void {
    this.#pay(now);
    this.#owed++;
    this.#room = Math.max(this.#burst, this.#owed);
  }

  /** One that was counted was not taken after all. */
  refund(now: number): void {
    this.#pay(now);
    this.#owed = Math.max(0, this.#owed - 1);
    this.#room = Math.max(this.#burst, this.#owed);
  }

  /** How long until the next may be taken, in ms. */
  wait(now: number): number {
    if (this.rate === 0) return 0;
    this.#pay(now);
    const wait = (this.#owed + 1 - this.#room) / this.rate * 1000;
    return wait > ROUNDING ? wait : 0;
  }

  get #burst(): number {
    return Math.max(1, this.rate * BURST);
  }

  #pay(now: number): void {
    if (now <= this.#at) return;
    this.#owed = Math.max(0, this.#owed - (now - this.#at) * this.#paying / 1000);
    this.#at = now;
  }
}
