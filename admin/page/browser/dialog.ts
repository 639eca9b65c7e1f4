// Dialogs: the browser's own, which keep the focus inside and give it back.

import { useEffect, useRef } from "preact/hooks";
import { type Children, type Drawn, html } from "./html.ts";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children?: Children;
  readonly wide?: boolean;
}

/** An open dialog. Escape closes it. */
export function Dialog({ title, onClose, children, wide }: DialogProps): Drawn {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = box.current!;
    const before = document.activeElement as HTMLElement | null;
    element.showModal();
    element.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      element.close();
      if (before?.isConnected) before.focus();
    };
  }, []);
  return html`
    <dialog
      ref=${box}
      class=${wide ? "wide" : ""}
      aria-labelledby="dialog-title"
      onCancel=${(event: Event) => {
        event.preventDefault();
        onClose();
      }}
      onClick=${(event: Event) => event.target === box.current && onClose()}
    >
      <div class="dialog">
        <header>
          <h2 id="dialog-title">${title}</h2>
          <button type="button" class="quiet icon" aria-label="Close" onClick=${onClose}>✕</button>
        </header>
        ${children}
      </div>
    </dialog>
  `;
}

interface ConfirmationProps {
  readonly title: string;
  /** The effect of the act, with its count. */
  readonly children?: Children;
  /** The name of the act, on its button. */
  readonly act: string;
  readonly isDangerous?: boolean;
  readonly onAct: () => void;
  readonly onClose: () => void;
}

/** Asks whether to do something. */
export function Confirmation(props: ConfirmationProps): Drawn {
  const { title, children, act, isDangerous, onAct, onClose } = props;
  return html`
    <${Dialog} title=${title} onClose=${onClose}>
      <div class="prose">${children}</div>
      <footer>
        <button type="button" onClick=${onClose}>Cancel</button>
        <button
          type="button"
          class=${isDangerous ? "primary danger" : "primary"}
          data-first
          onClick=${() => {
            onClose();
            onAct();
          }}
        >${act}</button>
      </footer>
      <//>
  `;
}
