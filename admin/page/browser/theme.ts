// Light and dark: as the system says, or as the person has chosen.

import { createStore, type Watched } from "./store.ts";

/** The choices of a person. */
export type Choice = "system" | "light" | "dark";

const KEY = "lineup-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

function stored(): Choice {
  const text = localStorage.getItem(KEY);
  return text === "light" || text === "dark" ? text : "system";
}

/** The choice. */
export const choice: Watched<Choice> = createStore(stored());
/** The theme that is seen. */
export const theme: Watched<"light" | "dark"> = createStore(seen());

function seen(): "light" | "dark" {
  const chosen = choice.get();
  return chosen === "system" ? dark.matches ? "dark" : "light" : chosen;
}

function apply(): void {
  const chosen = choice.get();
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  theme.set(seen());
}

/** Chooses a theme, and remembers it in this browser. */
export function choose(next: Choice): void {
  localStorage.setItem(KEY, next);
  choice.set(next);
  apply();
}

dark.addEventListener("change", apply);
apply();
