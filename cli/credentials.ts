// What a client proves, and whom it trusts: certificates, a key, a token.

import { createPrivateKey, X509Certificate } from "node:crypto";
import type { ClientTls } from "../client/mod.ts";
import { type Flag, type Flags, TOKEN_IN_SIGHT, UsageError } from "./flags.ts";
import { readText } from "./input.ts";
import { readPem } from "./pem.ts";
import { needPrivate } from "./private_file.ts";
import { reason } from "./reason.ts";

/** The certificates and the token of a client, as plain data: `lineup load` sends them to its threads. */
export interface Credentials {
  readonly tls?: ClientTls;
  /** The token itself. It goes into no message. */
  readonly token?: string;
  /** The file of the token, which is read for each connection: tokens are rotated. */
  readonly tokenFile?: string;
}

/** The paths of files with certificates, a key and a token. */
export interface CredentialFiles {
  readonly ca?: string;
  readonly cert?: string;
  /** Not `key`: that is the key of a job. */
  readonly "cert-key"?: string;
  readonly "token-file"?: string;
}

/** The flags of the files. */
export const credentialFlags: Readonly<Record<keyof CredentialFiles, Flag>> = {
  ca: {
    value: "FILE",
    summary:
      "For tls:// and wss://: trust this certificate of a server or its authority as well (PEM).",
  },
  cert: {
    value: "FILE",
    summary: "For tls:// and wss://: the certificate that proves who you are (PEM).",
  },
  "cert-key": {
    value: "FILE",
    summary:
      "The private key of --cert (PEM), which only you can read. Default: it is in the file of --cert.",
  },
  "token-file": {
    value: "FILE",
    summary:
      "Prove who you are by the token in this file, which only you can read. Default: that in LINEUP_TOKEN.",
  },
};

const VARIABLE = "LINEUP_TOKEN";
const MOST_TOKEN = 256;

/** The files that flags name. */
export function credentialFiles(flags: Flags): CredentialFiles {
  const { ca, cert, "cert-key": key, "token-file": tokenFile } = flags;
  return { ca, cert, "cert-key": key, "token-file": tokenFile };
}

/**
 * Reads the files; without one of a token, the variable LINEUP_TOKEN. Throws `UsageError`, which names the flag of a file
 * that is wrong, or that others can read although it is secret.
 */
export function readCredentials(files: CredentialFiles): Credentials {
  const { ca, cert, "cert-key": key = cert, "token-file": tokenFile } = files;
  if (key !== undefined && cert === undefined) {
    throw new UsageError("--cert-key needs --cert as well.");
  }
  const tls: ClientTls = {};
  if (ca !== undefined) tls.caCerts = [readPem("ca", ca, "certificate")];
  if (cert !== undefined) tls.cert = readPem("cert", cert, "certificate");
  if (key !== undefined) {
    const flag = key === cert ? "cert" : "cert-key";
    tls.key = readPem(flag, key, "private key");
    needSecret(flag, key);
    needSame(tls, flag, cert!, key);
  }
  const base = Object.keys(tls).length === 0 ? {} : { tls };
  if (tokenFile !== undefined) {
    readToken(tokenFile);
    return { ...base, tokenFile };
  }
  const token = variable();
  return token === undefined ? base : { ...base, token: checkToken(token, VARIABLE) };
}

/** The token in a file. Throws `UsageError` for a file that cannot be read, has no token, or that others can read. */
export function readToken(path: string): string {
  needSecret("token-file", path);
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    throw new UsageError(`--token-file: cannot read ${path}: ${reason(error)}.`);
  }
  return checkToken(text.trim(), `--token-file: ${path}`);
}

/** Throws `UsageError` for the verb of a request on the command line that has a token behind it. */
export function needNoToken(verb: string): void {
  if (verb !== "AUTH") return;
  throw new UsageError(`AUTH does not belong on a command line: ${TOKEN_IN_SIGHT}`);
}

/** Refuses the key of another certificate here: a server that gets it says nothing of use. */
function needSame({ cert, key }: ClientTls, flag: string, certPath: string, path: string): void {
  let isSame: boolean;
  try {
    isSame = new X509Certificate(cert!).checkPrivateKey(createPrivateKey(key!));
  } catch {
    // The error of an unreadable file comes when it is used.
    return;
  }
  if (isSame) return;
  throw new UsageError(
    `--${flag}: the key in ${path} is not that of the certificate in ${certPath}.`,
  );
}

function needSecret(flag: string, path: string): void {
  try {
    needPrivate(path);
  } catch (error) {
    throw new UsageError(`--${flag}: ${reason(error)}.`);
  }
}

function checkToken(token: string, where: string): string {
  if (/^[\x21-\x7e]+$/.test(token) && token.length <= MOST_TOKEN) return token;
  throw new UsageError(
    `${where} holds no token: a word of at most ${MOST_TOKEN} characters, such as lineup_NAME_….`,
  );
}

/** The variable, where it is set and this process may read it: it must not ask for a permission. */
function variable(): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: VARIABLE });
  return state === "granted" ? Deno.env.get(VARIABLE) || undefined : undefined;
}
