// The server's certificate and key in files: read and checked together.

import { createPrivateKey, X509Certificate } from "node:crypto";
import type { TlsIdentity } from "../net/tls_identity.ts";

/** The server's certificate and key in files (PEM), which the server reads again when they change. */
export interface TlsFiles {
  /** The file of the certificate, followed by the certificates of its issuers. */
  certFile: string;
  /** The file of its private key. */
  keyFile: string;
  /**
   * The file with the certificates of the authorities whose clients may connect. With it, the server asks each client for
   * a certificate. Default: clients are not asked.
   */
  clientCaFile?: string;
  /** Whether clients may have no certificate where the server asks. A wrong one is refused always. Default `required`. */
  clientCertificate?: "required" | "optional";
}

/** What files hold, with the time in ms since the Unix epoch at which the certificate expires. */
export interface ReadIdentity {
  readonly identity: TlsIdentity;
  readonly until: number;
}

const MOST_BYTES = 1 << 20;
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*(-----END \1-----)?/g;

/**
 * Reads the files of a server's certificate. Throws an `Error` that names the file and what is wrong with it: it cannot
 * be read, holds no certificate or key, is cut off; the key belongs to another certificate; the certificate has expired
 * at `now`, or is not valid yet, unless `anyTime` is true.
 */
export function readTlsFiles(files: TlsFiles, now: number, anyTime: boolean = false): ReadIdentity {
  const { certFile, keyFile, clientCaFile, clientCertificate } = files;
  const cert = readFile(certFile);
  const [leaf] = certificatesOf(certFile, cert);
  const key = readFile(keyFile);
  if (!leaf.checkPrivateKey(privateKeyOf(keyFile, key))) {
    throw new Error(`the key in ${keyFile} does not belong to the certificate in ${certFile}`);
  }
  const [from, until] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  const wrongTime = whyNotNow(now, from, until);
  if (wrongTime !== undefined && !anyTime) {
    throw new Error(`the certificate in ${certFile} ${wrongTime}`);
  }
  const clientCa = clientCaFile === undefined ? undefined : readFile(clientCaFile);
  if (clientCa !== undefined) certificatesOf(clientCaFile!, clientCa);
  return { identity: { cert, key, clientCa, clientCertificate }, until };
}

/** The reason why a certificate does not hold at `now`, in words that follow its name. */
function whyNotNow(now: number, from: number, until: number): string | undefined {
  if (now >= until) return `has expired (${new Date(until).toISOString()})`;
  if (now < from) return `is not valid yet (${new Date(from).toISOString()})`;
}

/** A text that changes with the files: their sizes, times and places on the disk. It does not read them. */
export function stampOf({ certFile, keyFile, clientCaFile }: TlsFiles): string {
  const paths = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])];
  return paths.map((path) => {
    try {
      const { size, mtime, ctime, ino } = Deno.statSync(path);
      return `${size} ${mtime?.getTime()} ${ctime?.getTime()} ${ino}`;
    } catch (error) {
      return (error as Error).name;
    }
  }).join(", ");
}

function readFile(path: string): string {
  try {
    const { size, isFile } = Deno.statSync(path);
    if (isFile && size > MOST_BYTES) throw new Error(`it has more than ${MOST_BYTES} bytes`);
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Error(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function certificatesOf(path: string, text: string): X509Certificate[] {
  const blocks = blocksOf(path, text).filter(({ label }) => label === "CERTIFICATE");
  if (blocks.length === 0) throw new Error(`${path} holds no certificate in PEM`);
  return blocks.map(({ block }) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`a certificate in ${path} cannot be read: ${message}`, { cause: error });
    }
  });
}

function privateKeyOf(path: string, text: string): ReturnType<typeof createPrivateKey> {
  const blocks = blocksOf(path, text).filter(({ label }) => label.endsWith("PRIVATE KEY"));
  if (blocks.length === 0) throw new Error(`${path} holds no private key in PEM`);
  try {
    return createPrivateKey(blocks[0].block);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`the private key in ${path} cannot be read: ${message}`, { cause: error });
  }
}

/** The blocks of a file in PEM. Throws for one without an end: the file is being written, or was cut off. */
function blocksOf(path: string, text: string): { label: string; block: string }[] {
  return [...text.matchAll(BLOCK)].map(([block, label, end]) => {
    if (end === undefined) throw new Error(`${path} is cut off: the end of ${label} is missing`);
    return { label, block };
  });
}
