// "+ Add a phone": a user joins the running world by the line that declares them.

import { user } from "./language.js";
import { perform } from "./server.js";
import { canAct, show, store } from "./store.js";
import { Icon, Line, html, useEffect, useRef, useState } from "./ui.js";

const NAMES = ["dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "niaj", "olivia", "peggy", "rupert", "sybil", "trent", "victor", "walter"];
const FIRST_NUMBER = 14155550101n;

/** A name that nobody bears, and the number after the largest one. */
function offered() {
  const { users, apps, carriers, esmes } = store.state;
  const taken = new Set([...users.values(), ...apps.values(), ...carriers.values(), ...esmes.values()].map((one) => one.name));
  const free = (name) => !taken.has(name);
  const numbered = () => Array.from({ length: taken.size + 1 }, (_, i) => `user${i + 1}`).find(free);
  const numbers = [...users.values()].map((one) => BigInt(one.phone.slice(1)) + 1n);
  const number = numbers.reduce((largest, one) => (one > largest ? one : largest), FIRST_NUMBER);
  return { name: NAMES.find(free) ?? numbered(), number: `+${number}`, carrier: [...users.values()].at(-1)?.carrier ?? [...carriers.keys()][0] ?? "" };
}

export function AddPhone() {
  const [form, setForm] = useState(null);
  const button = useRef(null);
  const close = () => {
    setForm(null);
    setTimeout(() => button.current?.focus());
  };
  if (form) return html`<${Form} form=${form} setForm=${setForm} close=${close} />`;
  return html`<div class="add-phone"><button type="button" class="button" ref=${button} disabled=${!canAct() || store.state.carriers.size === 0} onClick=${() => setForm(offered())}><${Icon} name="plus" /><span>Add a phone</span></button></div>`;
}

function Form({ form, setForm, close }) {
  const { name, number, carrier } = form;
  const [why, setWhy] = useState("");
  const first = useRef(null);
  useEffect(() => {
    first.current?.form.scrollIntoView({ block: "nearest", inline: "nearest" });
    first.current?.select();
  }, []);
  const line = user(name.trim(), number.trim(), carrier);
  const change = (key) => (event) => setForm({ ...form, [key]: event.target.value });
  const add = async (event) => {
    event.preventDefault();
    const { ok, why: reason } = await perform(line, { quiet: true });
    if (!ok) return void setWhy(reason);
    setForm(null);
    show({ user: name.trim() });
    focusOn(name.trim());
  };
  const keys = (event) => event.key === "Escape" && close();
  return html`<form class="add-phone open" onSubmit=${add} onKeyDown=${keys} aria-label="Add a phone">
    <label>Name <input type="text" ref=${first} value=${name} size="12" required autocomplete="off" spellcheck=${false} onInput=${change("name")} /></label>
    <label>Number <input type="text" value=${number} size="14" required inputmode="tel" autocomplete="off" onInput=${change("number")} /></label>
    <label>Carrier <select value=${carrier} onChange=${change("carrier")}>${[...store.state.carriers.keys()].map((one) => html`<option value=${one} selected=${one === carrier}>${one}</option>`)}</select></label>
    <p class="add-phone-line"><${Line} line=${line} /></p>
    ${why ? html`<p class="bad" role="alert"><${Icon} name="fail" label="trouble" /> ${why}</p>` : null}
    <span class="add-phone-acts"><button type="submit" class="button primary" disabled=${!canAct()}>Add</button> <button type="button" class="button" onClick=${close}>Cancel</button></span>
  </form>`;
}

/** The text field of a phone, as soon as its record has come. */
function focusOn(name, tries = 40) {
  const field = document.querySelector(`[data-phone="${CSS.escape(name)}"] textarea`);
  if (field) field.focus();
  else if (tries > 0) setTimeout(() => focusOn(name, tries - 1), 50);
}
