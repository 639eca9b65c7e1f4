// Asks for a token where the server wants one.

import { useState } from "preact/hooks";
import { type Drawn, html } from "./html.ts";
import { connection, setToken, token } from "./server.ts";
import { useStore } from "./store.ts";

/** The page while the server wants a token. */
export function Locked(): Drawn {
  return html`
    <section class="card narrow">
      <h1>This server asks for a token</h1>
      <${TokenForm} onDone=${() => {}} />
    </section>
  `;
}

/** A field for the token of an identity. */
export function TokenForm({ onDone }: { onDone: () => void }): Drawn {
  const { state, why } = useStore(connection);
  const [text, setText] = useState("");
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    setToken(text.trim());
    setText("");
    onDone();
  };
  return html`
    <form class="token" onSubmit=${onSubmit}>
      <p class="hint">It stays in this tab, and is forgotten when you close it.</p>
      ${state === "locked" && token() !== undefined &&
        html`<p class="problem" role="alert">${why}</p>`}
      <label>Token
        <input
          type="password"
          autocomplete="off"
          spellcheck=${false}
          required
          data-first
          value=${text}
          onInput=${(event: Event) => setText((event.target as HTMLInputElement).value)}
        />
      </label>
      <button type="submit" class="primary">Use this token</button>
    </form>
  `;
}
