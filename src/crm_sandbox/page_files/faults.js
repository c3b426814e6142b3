// Break things: bad days with a name, a form for single faults, and what is on with how often it hit.
import {$, Refusal, act, button, call, make, sentence, show, state, table} from "./dom.js";

const PATHS = {"Every request": ".*", "QuickBooks: everything": "^/v3/", "QuickBooks: invoices": "/invoice$", "QuickBooks: payments": "/payment$",
  "QuickBooks: customers": "/customer$", "QuickBooks: queries": "/query$", "Intuit: tokens": "^/oauth2/v1/tokens/bearer$",
  "Stripe: everything": "^/v1/", "Stripe: checkout sessions": "^/v1/checkout/sessions"};
const TITLES = {seconds: "Seconds", status: "Status", body: "Body", effect: "Takes effect", writes: "Writes back"};
const SHOWN = ["status", "body", "seconds", "writes", "effect"];
let actions = null;

export function open(content) {
  content.append(
    make("section", {class: "card"}, make("div", {class: "head"}, make("h2", {}, "Bad days"),
      button("Mend everything", act("Everything works as it should again.", () => call("DELETE", "/_faults")))),
    make("div", {id: "presets", class: "presets"})),
    make("section", {class: "card"}, make("h2", {}, "What is wrong now"), make("div", {id: "rules"})),
    make("section", {class: "card"}, make("h2", {}, "Break one thing"), make("form", {id: "fault"}), make("p", {id: "fault-wrong", class: "wrong", role: "alert", hidden: true})));
}

export async function look(content, now) {
  if (!actions) actions = (await call("GET", "/_faults/actions")).actions;
  if (!$("fault").children.length) form();
  show($("presets"), now.presets, () => now.presets.map((one) => make("div", {class: `preset ${one.on ? "on" : ""}`},
    make("h3", {}, one.title), make("p", {}, one.says),
    make("div", {class: "row"}, make("span", {class: "soft"}, one.ends), one.on
      ? button("End", act(`${one.title}: over.`, () => call("DELETE", `/_faults/presets/${one.name}`)), {"data-key": one.name, "aria-label": `End: ${one.title}`})
      : button(one.once ? "Do it" : "Begin", act(`${one.title}: begun.`, () => call("POST", `/_faults/presets/${one.name}`)),
        {"data-key": one.name, "aria-label": `${one.once ? "Do it" : "Begin"}: ${one.title}`})))));
  const titles = Object.fromEntries(now.presets.map((one) => [one.name, one.title]));
  show($("rules"), now.faults, () => table([
    ["What happens", (f) => [make("strong", {}, sentence(f.action.replaceAll("_", " "))), " ", options(f), make("div", {class: "mono soft"}, matched(f.match))], "wrap"],
    ["State", (f) => f.over ? state("Over") : f.waiting ? state(`Holds ${f.waiting}`, "warn") : state("On", "bad")],
    ["How often", (f) => f.times ? `${f.hits} of ${f.times} hits` : `${f.hits} hits`, "n"],
    ["From", (f) => titles[f.preset] ?? "by hand", "only-wide"],
    ["", (f) => make("div", {class: "row"},
      f.action.startsWith("pause") && button("Let go", act("Let go.", () => call("POST", `/_faults/${f.id}/release`)), {"data-key": `go${f.id}`}),
      button("Remove", act("Removed.", () => call("DELETE", `/_faults/${f.id}`)), {"data-key": `no${f.id}`, "aria-label": `Remove fault ${f.id}`}))],
  ], now.faults, "Nothing: both services work as they should. Begin a bad day above, or break one thing below."));
}

const matched = (match) => match.webhook ? `webhooks of ${match.webhook}`
  : [match.method ?? "any method", match.path ?? "any path", match.query && `? ${match.query}`].filter(Boolean).join(" ");

function options(fault) {
  const told = Object.entries(fault.options).filter(([name]) => name !== "body" && name !== "headers").map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`);
  if (fault.probability < 1) told.push(`by chance ${fault.probability}, seed ${fault.seed}`);
  if (fault.after) told.push(`after ${fault.after} requests`);
  if (fault.seconds_left) told.push(`${Math.round(fault.seconds_left)} s left`);
  return make("span", {class: "soft"}, told.join(", "));
}

const number = (name, title, more) => make("label", {}, title, make("input", {type: "number", name, step: "any", ...more}));

function form() {
  const made = $("fault");
  made.className = "fields";
  made.append(
    make("label", {}, "What happens", make("select", {name: "action", onchange: adapt},
      Object.keys(actions).map((name) => make("option", {value: name}, sentence(name.replaceAll("_", " ")))))),
    make("p", {id: "says", class: "wide soft"}),
    make("label", {}, "To requests", make("select", {name: "common", onchange: (event) => { made.elements.path.value = event.target.value; }},
      Object.entries(PATHS).map(([title, path]) => make("option", {value: path, selected: path === "/invoice$"}, title)))),
    make("label", {}, "Path (regular expression)", make("input", {name: "path", value: "/invoice$", class: "mono"})),
    make("label", {}, "Query contains (regular expression)", make("input", {name: "query", class: "mono"})),
    make("label", {}, "Method", make("select", {name: "method"}, ["", "POST", "GET", "DELETE"].map((name) => make("option", {value: name}, name || "Any")))),
    number("status", "Status", {value: 503}), number("seconds", "Seconds", {value: 2}), number("writes", "Writes back", {value: 1, min: 1}),
    make("label", {}, "Body", make("input", {name: "body"})),
    make("label", {class: "check"}, make("input", {type: "checkbox", name: "effect"}), TITLES.effect),
    number("times", "Times (empty: always)", {value: 1, min: 1}),
    make("details", {class: "wide", "data-key": "more"}, make("summary", {}, "By chance, later, or for a time"), make("div", {class: "fields"},
      number("after", "Let so many pass first", {min: 0}), number("probability", "By chance (0 to 1)", {min: 0, max: 1}),
      number("seed", "Seed of chance", {}), number("until_seconds", "Ends after seconds", {min: 0}))),
    make("div", {class: "wide row"}, make("button", {class: "go"}, "Break it")));
  made.addEventListener("submit", add);
  adapt();
}

// Only the fields that the chosen action takes are shown and sent.
function adapt() {
  const chosen = actions[$("fault").elements.action.value];
  $("says").textContent = `The client gets: ${chosen.says}. The request takes effect: ${chosen.effect}.`;
  for (const name of SHOWN) $("fault").elements[name].closest("label").hidden = !(name in chosen.options);
}

async function add(event) {
  event.preventDefault();
  const given = $("fault").elements, chosen = actions[given.action.value];
  const match = Object.fromEntries(["method", "path", "query"].filter((name) => given[name].value).map((name) => [name, given[name].value]));
  const rule = {action: given.action.value, match, times: given.times.value === "" ? null : Number(given.times.value)};
  for (const name of ["after", "probability", "seed", "until_seconds"]) if (given[name].value !== "") rule[name] = Number(given[name].value);
  for (const name of SHOWN.filter((one) => one in chosen.options)) {
    if (name === "effect") rule.effect = given.effect.checked;
    else if (given[name].value !== "") rule[name] = name === "body" ? given.body.value : Number(given[name].value);
  }
  try {
    await call("POST", "/_faults", rule);
    $("fault-wrong").hidden = true;
  } catch (problem) {
    if (!(problem instanceof Refusal)) throw problem;
    $("fault-wrong").textContent = problem.message;
    $("fault-wrong").hidden = false;
  }
  document.dispatchEvent(new Event("look-again"));
}
