// Certificates and keys in PEM files that flags name.

import { UsageError } from "./flags.ts";
import { readText } from "./input.ts";
import { reason } from "./reason.ts";

const LABELS = {
  certificate: /^-----BEGIN (TRUSTED )?CERTIFICATE-----/m,
  "private key": /^-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/m,
};
const ENCRYPTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/** The text of a PEM file that holds such a thing. Throws `UsageError`. */
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
      `the key in ${path} is encrypted; openssl pkey -in ${path} -out FILE takes that off.`,
    );
  }
  if (LABELS[what].test(text)) return text;
  if (!/^-----BEGIN /m.test(text)) {
    throw wrong(`${path} is no PEM file: there is no line -----BEGIN …-----.`);
  }
  const [, found] = /^-----BEGIN (.*?)-----/m.exec(text) ?? [, "nothing"];
  throw wrong(`${path} holds no ${what}, but ${found}.`);
}
