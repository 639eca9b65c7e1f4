// A server's certificate that is renewed while it runs.

import type { Listener } from "../net/stream.ts";
import type { TlsIdentity } from "../net/tls_identity.ts";
import type { Clock } from "../scheduling/clock.ts";
import type { Reloadable, ReloadOutcome } from "./reloads.ts";
import { readTlsFiles, stampOf, type TlsFiles } from "./tls_files.ts";

const POLL_MS = 1000;
const DAY_MS = 86_400_000;
/** The time before the end of a certificate in which it is told each day. */
const NEAR_MS = 7 * DAY_MS;

/** Gets what happens to a certificate. */
interface Told {
  reloaded(outcome: ReloadOutcome): void;
  /** It has expired, or does so soon, at `until` in ms since 1970. */
  ends(end: { readonly file: string; readonly until: number; readonly expired: boolean }): void;
}

/** Reads the files of a server's certificate again, and gives it to the listeners. */
export class TlsRenewal implements Reloadable {
  readonly name = "certificate";
  /** The certificate at the start. */
  readonly identity: TlsIdentity;
  readonly #files: TlsFiles;
  readonly #clock: Clock;
  readonly #told: Told;
  #until: number;
  #listeners: readonly Listener[] = [];
  /** The stamp of the files whose content is in use, or was refused. */
  #done: string;
  /** The stamp at the last look. */
  #seen: string;
  #toldAt = -Infinity;
  #stop: () => void = () => {};
  #isOver = false;

  /** Reads the files. Throws the errors of `readTlsFiles`, but takes a certificate of any time: `told` hears of it. */
  constructor(files: TlsFiles, clock: Clock, told: Told) {
    this.#done = this.#seen = stampOf(files);
    const { identity, until } = readTlsFiles(files, Date.now(), true);
    this.identity = identity;
    this.#until = until;
    this.#files = files;
    this.#clock = clock;
    this.#told = told;
  }

  /** Looks at the files from now on, once a second, for these listeners. */
  begin(listeners: readonly Listener[]): void {
    this.#listeners = listeners;
    this.#look();
  }

  /** Looks no more. */
  end(): void {
    this.#isOver = true;
    this.#stop();
  }

  /** Reads the files now. Throws where they are wrong: then the certificate stays. */
  async reload(): Promise<string> {
    this.#done = stampOf(this.#files);
    // TLS compares certificates with the time of the machine too.
    const { identity, until } = readTlsFiles(this.#files, Date.now());
    for (const listener of this.#listeners) await listener.renew?.(identity);
    this.#until = until;
    this.#toldAt = -Infinity;
    return `${this.#files.certFile} is valid until ${new Date(until).toISOString()}`;
  }

  async #look(): Promise<void> {
    const stamp = stampOf(this.#files);
    // A certificate and its key are written one after the other: wait until they stay as they are.
    if (stamp !== this.#done && stamp === this.#seen) await this.#tryReload();
    this.#seen = stamp;
    this.#tellEnd();
    if (!this.#isOver) this.#stop = this.#clock.after(POLL_MS, () => void this.#look());
  }

  async #tryReload(): Promise<void> {
    try {
      this.#told.reloaded({ what: this.name, did: await this.reload() });
    } catch (error) {
      this.#told.reloaded({ what: this.name, why: (error as Error).message });
    }
  }

  /** Tells once a day of a certificate that expires soon, or has expired. */
  #tellEnd(): void {
    const now = Date.now();
    if (this.#until - now > NEAR_MS || now - this.#toldAt < DAY_MS) return;
    this.#toldAt = now;
    this.#told.ends({
      file: this.#files.certFile,
      until: this.#until,
      expired: now >= this.#until,
    });
  }
}
