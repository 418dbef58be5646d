// One HTML file with the records inside, which shows this page from disk.

import { ask, withToken } from "./server.js";
import { shownRecords, store, toast } from "./store.js";

export function download(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export async function share() {
  const title = store.title ?? `world ${store.id}`;
  const data = { live: false, title, sections: [{ title, world: store.world, records: shownRecords() }] };
  const answer = await ask(withToken("/page/file"));
  if (!answer.ok) return void toast(answer.why, "error");
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  download("smsim.html", answer.text.replace("{data}", () => json), "text/html");
}
