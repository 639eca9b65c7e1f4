// The document of the page, and the policy that a browser keeps for it.

/** A document and its Content-Security-Policy. */
export interface PageDocument {
  readonly html: string;
  readonly policy: string;
}

/** The document that starts the module `main`; `imports` says where the libraries are, `preload` what else it needs. */
export async function createDocument(
  main: string,
  imports: Readonly<Record<string, string>>,
  preload: readonly string[],
): Promise<PageDocument> {
  const importMap = JSON.stringify({ imports });
  const html = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Lineup</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/plot.css">
<link rel="stylesheet" href="/page.css">
<script type="importmap">${importMap}</script>
${preload.map((path) => `<link rel="modulepreload" href="${path}">`).join("\n")}
<script type="module" src="${main}"></script>
</head>
<body>
<div id="page"></div>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`;
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(importMap));
  return { html, policy: policyFor(new Uint8Array(hash).toBase64()) };
}

/** Nothing comes from elsewhere, and no text can become a script: only the import map, by its hash, is inline. */
function policyFor(importMapHash: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${importMapHash}'`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}
