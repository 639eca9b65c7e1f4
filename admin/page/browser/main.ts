// Starts the page.

import { render } from "preact";
import { App } from "./app.ts";
import { follow } from "./history.ts";
import { html } from "./html.ts";
import { followRights, open } from "./server.ts";

render(html`<${App} />`, document.getElementById("page")!);
void open();
void follow();
void followRights();
