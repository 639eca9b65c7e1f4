// Certificates and keys in the PEM files of flags.

import { UsageError } from "./flags.ts";
import { readText } from "./input.ts";
import { reason } from "./reason.ts";

const LABELS = {
  certificate: /^-----BEGIN (TRUSTED )?CERTIFICATE-----/m,
  "private key": /^-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/m,
};
const ENCRYPTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/** The text of a PEM file that must hold a certificate or a key. Throws `UsageError`. */
export function readPem(flag: string, path: string, what: keyof typeof LABELS): string {
  const wrong = (why: string): UsageError => new UsageError(`--${flag}: ${why}`);
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    throw wrong(`cannot read ${path}: ${reason(error)}.`);
  }
  if (ENCRYPTED.test(text)) {
    throw wrong(
      `the key in ${path} is encrypted; openssl pkey -in ${path} -out FILE writes it unencrypted.`,
    );
  }
  if (LABELS[what].test(text)) return text;
  if (!/^-----BEGIN /m.test(text)) {
    throw wrong(`${path} is not a PEM file: it has no line -----BEGIN …-----.`);
  }
  const [, found] = /^-----BEGIN (.*?)-----/m.exec(text) ?? [, "nothing"];
  throw wrong(`${path} holds ${found} and no ${what}.`);
}
