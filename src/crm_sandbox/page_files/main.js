// The frame of the page: which part is shown, the clock, the reset, and looking again every second and a half.
import {$, Refusal, act, ask, button, call, link, make, say} from "./dom.js";
import * as requests from "./requests.js";
import * as books from "./books.js";
import * as stripe from "./stripe.js";
import * as faults from "./faults.js";
import * as connect from "./connect.js";

const PARTS = {requests, books, stripe, break: faults, connect};
const LOOK_EVERY_MS = 1500;
let shown = null, busy = false, again = false;

export function place() {
  const [name, ...rest] = location.hash.slice(1).split("/").map(decodeURIComponent);
  return PARTS[name] ? [name, rest] : ["requests", []];
}

async function look() {
  if (busy) { again = true; return; }
  if (document.hidden) return;
  busy = true;
  try {
    const [name, rest] = place();
    for (const one of document.querySelectorAll("header nav a")) {
      if (one.hash === `#${name}`) one.setAttribute("aria-current", "page"); else one.removeAttribute("aria-current");
    }
    if (shown !== name) {
      shown = name;
      document.querySelector("header nav a[aria-current]").scrollIntoView({block: "nearest", inline: "nearest"});
      $("content").replaceChildren();
      delete $("content").dataset.signature;
      PARTS[name].open?.($("content"));
    }
    const now = await call("GET", "/_state");
    frame(now, name);
    await PARTS[name].look($("content"), now, rest);
  } catch (problem) {
    if (!(problem instanceof Refusal)) throw problem;
    $("trouble").hidden = false;
    $("trouble").replaceChildren(problem.message);
  } finally {
    busy = false;
    if (again) { again = false; look(); }
  }
}

function frame(now, name) {
  $("now").textContent = `${now.now.slice(0, 19).replace("T", " ")} UTC`;
  const acting = now.faults.filter((rule) => !rule.over && !rule.preset);
  const days = now.presets.filter((preset) => preset.on);
  const count = acting.length + days.length;
  $("broken").hidden = !count;
  $("broken").textContent = count ? `${count} on` : "";
  const told = [...days.map((day) => day.title), ...acting.map((rule) => rule.action.replaceAll("_", " "))].slice(0, 4);
  const text = count && name !== "break" ? `Broken on purpose: ${told.join(", ")}${count > 4 ? " and more" : ""}.` : "";
  if ($("trouble").dataset.text === text && !$("trouble").textContent.startsWith("The sandbox")) return;
  $("trouble").dataset.text = text;
  $("trouble").hidden = !text;
  $("trouble").replaceChildren(make("span", {}, text), link("See what is wrong", "#break"),
    button("Mend everything", act("Everything works as it should again.", () => call("DELETE", "/_faults"))));
}

for (const one of document.querySelectorAll("[data-advance]")) {
  const seconds = Number(one.dataset.advance);
  one.addEventListener("click", act(`The clock moved: ${one.textContent.replace("+ ", "")} later.`,
    () => call("POST", "/_state/clock", {advance_seconds: seconds})));
}
$("reset").addEventListener("click", async () => {
  const sure = await ask("Forget everything?",
    "All companies, documents, tokens, payments, events, faults and logged requests of both simulators are removed. " +
    "Apps must be connected again. The clock stays where it is.", "Forget everything");
  if (sure) await act("The sandbox is as new.", () => call("POST", "/_state/reset"))();
});
$("skip").addEventListener("click", (event) => { event.preventDefault(); $("content").focus(); });
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const names = Object.keys(PARTS);
  if (event.key >= "1" && event.key <= String(names.length)) location.hash = `#${names[event.key - 1]}`;
  else if (event.key === "?") say("1 to 5: parts of the page.  /: filter requests.  j, k: next, previous.  Esc: close.");
  else PARTS[place()[0]].key?.(event);
});
addEventListener("hashchange", look);
document.addEventListener("look-again", look);
document.addEventListener("visibilitychange", look);
setInterval(look, LOOK_EVERY_MS);
look();
