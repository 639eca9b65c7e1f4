// The address of a database: which parameters it may have, and what they mean to the npm package pg.

/** The parameters behind the `?` that have an effect. */
const PARAMETERS: readonly string[] = [
  "application_name",
  "host",
  "options",
  "password",
  "port",
  "sslcert",
  "sslkey",
  "sslmode",
  "sslnegotiation",
  "sslrootcert",
  "user",
];

/** The values of sslmode. All with TLS but `no-verify` check the certificate and its name, which is more than some ask for. */
const SSL_MODES: readonly string[] = [
  "disable",
  "no-verify",
  "require",
  "verify-ca",
  "verify-full",
];

/**
 * An address as pg takes it. Throws an `Error` for a parameter that has no effect, because what it asks for, such as a check of
 * the server, would not be done.
 */
export function addressForPg(url: string): string {
  const parameters = parametersOf(url);
  for (const name of parameters.keys()) {
    if (PARAMETERS.includes(name)) continue;
    throw new Error(`the parameter ${name} is unknown; known are ${PARAMETERS.join(", ")}`);
  }
  const mode = parameters.get("sslmode");
  if (mode === null || mode === "disable" || mode === "no-verify") return url;
  if (!SSL_MODES.includes(mode)) {
    throw new Error(`sslmode=${mode} is unknown; known are ${SSL_MODES.join(", ")}`);
  }
  // pg does the same for all of them, but warns on standard error of those that ask for less.
  parameters.set("sslmode", "verify-full");
  return `${url.slice(0, url.indexOf("?"))}?${parameters}`;
}

/** What an address, or the environment, says of TLS, as messages name it. */
export function sslModeOf(url: string): string {
  const mode = parametersOf(url).get("sslmode");
  return mode === null ? `PGSSLMODE=${Deno.env.get("PGSSLMODE") ?? ""}` : `sslmode=${mode}`;
}

/** The parameters of an address, which is no URL for some hosts. The last of a name counts. */
function parametersOf(url: string): URLSearchParams {
  const at = url.indexOf("?");
  const query = at === -1 ? "" : url.slice(at + 1).split("#", 1)[0];
  return new URLSearchParams([...new Map(new URLSearchParams(query))]);
}
