// The scenario language, as far as the page writes it: every control performs one of these lines.

/** A text in quotes, as a line says it. */
export const quoted = (text) =>
  JSON.stringify(String(text).replaceAll("{", "{{")).replace(/[\u007f-\u009f\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

export const compose = (user, text, to, code) => `${user} > ${quoted(text)}${to && to !== code ? `, to ${to}` : ""}`;
export const set = (actor, ...words) => `set ${actor} ${words.join(" ")}`;
export const user = (name, number, carrier) => `user ${name} ${number} on ${carrier}`;
export const wait = (length) => `wait ${length}`;
export const at = (time) => `at ${time}`;

/** A length of time in microseconds as a line says it, rounded up to the millisecond. */
export function duration(us) {
  const ms = Math.ceil(us / 1000);
  const parts = [];
  if (ms >= 1000) parts.push(`${Math.floor(ms / 1000)}s`);
  if (ms % 1000 || !parts.length) parts.push(`${ms % 1000}ms`);
  return parts.join(" ");
}

/** What Rust's Debug prints of a change, as a tree: {name, args, fields}, a string, a number or a word. */
export function readDebug(text) {
  let i = 0;
  const skip = () => { while (/[\s,]/.test(text[i] ?? "")) i += 1; };
  const list = (end) => {
    const items = [];
    for (skip(); i < text.length && text[i] !== end; skip()) {
      const before = i;
      items.push(value());
      if (i === before) break;
    }
    i += 1;
    return items;
  };
  const fields = () => {
    const found = {};
    for (skip(); i < text.length && text[i] !== "}"; skip()) {
      const key = /^\w+\s*:/.exec(text.slice(i));
      if (!key) break;
      i += key[0].length;
      skip();
      found[key[0].replace(/\s*:/, "")] = value();
    }
    i += 1;
    return found;
  };
  const value = () => {
    if (text[i] === '"') {
      const start = i;
      for (i += 1; i < text.length && text[i] !== '"'; i += 1) if (text[i] === "\\") i += 1;
      i += 1;
      return text.slice(start + 1, i - 1).replace(/\\(.)/g, "$1");
    }
    if (text[i] === "[") {
      i += 1;
      return list("]");
    }
    const [word] = /^[-+\w.:%]+/.exec(text.slice(i)) ?? [""];
    i += word.length;
    if (text[i] === "(") {
      i += 1;
      return { name: word, args: list(")"), fields: {} };
    }
    if (text[i] === " " && text[i + 1] === "{") {
      i += 2;
      return { name: word, args: [], fields: fields() };
    }
    return /^-?\d+(\.\d+)?$/.test(word) ? Number(word) : word;
  };
  return value();
}
