// The page: it begins here.

import { render } from "./vendor/preact.js";
import { Page } from "./page.js";
import { follow } from "./server.js";
import { open, openSection, store, subscribe } from "./store.js";
import { applyTheme } from "./top.js";
import { html } from "./ui.js";

const data = JSON.parse(document.getElementById("data").textContent);
applyTheme();
store.live = data.live === true;
store.sections = data.sections ?? [];
store.title = data.title ?? null;
store.branchOf = data.branch_of ?? null;
const asked = new URLSearchParams(location.search);
store.id = asked.get("world") ?? "default";
store.ui.phone = asked.get("phone");

if (store.live) {
  open(data.world);
} else {
  openSection(Math.max(0, store.sections.findIndex((one) => one.passed === false)));
}
document.title = store.live ? `FBOOK ${store.world.short_code}, world ${store.id}` : `${store.title}: smsim`;

const root = document.getElementById("page");
const draw = () => render(html`<${Page} />`, root);
subscribe(draw);
draw();
if (store.live) follow();
