// The keys of the page, told.

import { Dialog } from "./dialog.ts";
import { type Drawn, html } from "./html.ts";
import { shortcuts } from "./shortcuts.ts";

/** A dialog with all shortcuts that work now. */
export function Help({ onClose }: { onClose: () => void }): Drawn {
  return html`
    <${Dialog} title="Keys" onClose=${onClose}>
      <dl class="keys">
        ${shortcuts().map(({ keys, does }) =>
          html`
            <div key=${keys}>
              <dt>${keys.split(" ").map((key) => html`<kbd>${key}</kbd>`)}</dt>
              <dd>${does}</dd>
            </div>
          `
        )}
        <div><dt><kbd>Tab</kbd> <kbd>Enter</kbd></dt><dd>Reach and use every button and link</dd></div>
        <div><dt><kbd>←</kbd> <kbd>→</kbd></dt><dd>In a plot: move the cursor, and hear the figures</dd></div>
        <div><dt><kbd>Esc</kbd></dt><dd>Leave a field, or close a dialog</dd></div>
      </dl>
      <//>
  `;
}
