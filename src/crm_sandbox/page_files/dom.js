// What every part of the page uses: elements, tables, figures, and calls to the sandbox that tell what went wrong.

export const $ = (id) => document.getElementById(id);

// make("td", {class: "n"}, "1.00") ; a function under "onclick" and the like becomes a listener.
export function make(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (name === "value") made.value = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const state = (text, tone = "") => make("span", {class: `state ${tone}`}, text);
export const empty = (...sentences) => make("p", {class: "empty"}, ...sentences);
export const button = (text, onclick, more = {}) => make("button", {type: "button", onclick, ...more}, text);
export const link = (text, href, more = {}) => make("a", {href, ...more}, text);

// columns: [title, cell(row) -> text or node, class]; rows may carry rowClass and onpick.
export function table(columns, rows, whenEmpty) {
  if (!rows.length) return typeof whenEmpty === "string" ? empty(whenEmpty) : whenEmpty;
  const head = make("tr", {}, columns.map(([title, , kind]) =>
    title ? make("th", {class: kind, scope: "col"}, title) : make("td", {class: kind})));
  const body = rows.map((row) => make("tr", {class: row.rowClass},
    columns.map(([, cell, kind]) => make("td", {class: kind}, cell(row) ?? ""))));
  // Where rows have buttons they become small cards on a phone, so that no button lies beyond the edge.
  const made = make("table", {class: columns.some(([title]) => !title) ? "acts" : null}, make("thead", {}, head), make("tbody", {}, body));
  // What scrolls must be reachable with the keyboard; a group, since several stand on a page and none is a landmark.
  return make("div", {class: "scroll", tabindex: "0", role: "group", "aria-label": "Table"}, made);
}

// Puts new content in place only when it differs, and leaves focus and open details where they were.
export function show(place, signature, build) {
  const told = JSON.stringify(signature);
  if (place.dataset.signature === told) return;
  place.dataset.signature = told;
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const open = new Set([...place.querySelectorAll("details[open]")].map((one) => one.dataset.key));
  place.replaceChildren(...[build()].flat(Infinity).filter(Boolean));
  for (const one of place.querySelectorAll("details")) if (open.has(one.dataset.key)) one.open = true;
  if (focused) place.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

// Some currencies have no minor unit or three digits of it; the browser knows them all.
export function minor(amount, currency = "usd") {
  const format = new Intl.NumberFormat("en-US", {style: "currency", currency: currency.toUpperCase()});
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}
export const major = (amount, currency = "USD") =>
  new Intl.NumberFormat("en-US", {style: "currency", currency}).format(amount || 0);
export const atTime = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
export const plain = (name) => name.replaceAll("_", " ").replaceAll(".", " ");
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

let toastEnds;
export function say(text) {
  const told = $("told");
  told.textContent = text;
  told.hidden = false;
  clearTimeout(toastEnds);
  toastEnds = setTimeout(() => { told.hidden = true; }, 6000);
}

export class Refusal extends Error {}

export async function call(method, path, body, headers = {"content-type": "application/json"}) {
  let answer;
  try {
    answer = await fetch(path, {method, headers, body: typeof body === "string" || body === undefined ? body : JSON.stringify(body)});
  } catch {
    throw new Refusal("The sandbox does not answer. It may have been stopped; start it again with: crm sandbox");
  }
  const told = await answer.json();
  if (!answer.ok) throw new Refusal(sentence(String(told.error?.message ?? told.error ?? `the answer was ${answer.status}`)));
  return told;
}

// For buttons: does it, says how it went, and has the page look again.
export const act = (text, work) => async () => {
  try {
    await work();
    if (text) say(text);
  } catch (problem) {
    if (!(problem instanceof Refusal)) throw problem;
    say(problem.message);
  }
  document.dispatchEvent(new Event("look-again"));
};

export function ask(title, text, yes) {
  $("ask-title").textContent = title;
  $("ask-text").textContent = text;
  $("ask-yes").textContent = yes;
  $("ask").returnValue = "no";
  $("ask").showModal();
  return new Promise((answer) => {
    $("ask").addEventListener("close", () => answer($("ask").returnValue === "yes"), {once: true});
  });
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} is on the clipboard.`);
  } catch {
    say("The browser did not allow copying. Select the text and copy it by hand.");
  }
}

export function pretty(text, kind = "") {
  if (!text) return "(empty)";
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch { /* not JSON, or cut: shown as it came */ }
  if (kind.includes("x-www-form-urlencoded")) {
    return text.split("&").map((pair) => pair.split("=").map((part) => {
      try { return decodeURIComponent(part.replaceAll("+", " ")); } catch { return part; }
    }).join(" = ")).join("\n");
  }
  return kind.includes("xml") ? text.replaceAll("><", ">\n<") : text;
}
