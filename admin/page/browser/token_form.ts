// Asks for a token where the server wants one.

import { useState } from "preact/hooks";
import { type Drawn, html } from "./html.ts";
import { connection, setToken, token } from "./server.ts";
import { useStore } from "./store.ts";

/** A field for the token of an identity. */
export function TokenForm(): Drawn {
  const { why } = useStore(connection);
  const [text, setText] = useState("");
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    setToken(text.trim());
    setText("");
  };
  return html`
    <form class="card narrow" onSubmit=${onSubmit}>
      <h1>This server asks for a token</h1>
      <p>It stays in this tab, and is forgotten when you close it.</p>
      ${token() !== undefined && html`<p class="problem" role="alert">${why}</p>`}
      <label>Token
        <input
          type="password"
          autocomplete="off"
          spellcheck=${false}
          required
          value=${text}
          onInput=${(event: Event) => setText((event.target as HTMLInputElement).value)}
        />
      </label>
      <button type="submit" class="primary">Use this token</button>
    </form>
  `;
}
