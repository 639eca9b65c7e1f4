// The libraries of the page, as the text of their files. Deno resolves them like its own imports, from its cache of npm:
// no copy of them is in the tree, and the start of a server has fetched them already.

import cronstrue from "cronstrue" with { type: "text" };
import htm from "htm" with { type: "text" };
import preact from "preact" with { type: "text" };
import hooks from "preact/hooks" with { type: "text" };
import uplot from "uplot/dist/uPlot.esm.js" with { type: "text" };
import uplotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };

/** The libraries by the names that the modules of the page import. */
export const libraries: ReadonlyMap<string, string> = new Map([
  ["preact", preact],
  ["preact/hooks", hooks],
  ["htm", htm],
  ["uplot", uplot],
  ["cronstrue", asModule(cronstrue)],
]);

/** The style that a plot of uPlot needs. */
export const plotStyle: string = uplotStyle;

/** A module for browsers of a library that is written for CommonJS. */
function asModule(text: string): string {
  return `const module = { exports: {} };\nconst exports = module.exports;\n${text}\n` +
    "export default module.exports;\n";
}
