// Requests as they go by: a list that can be filtered and stopped, and one of them with its bodies.
import {$, act, button, call, copy, empty, link, make, pretty, show, state} from "./dom.js";

const MAX_LISTED = 300, MAX_KEPT = 1000;
const NAMES = {quickbooks: "QuickBooks", stripe: "Stripe", intuit: "Intuit sign-in"};
const ANSWERS = {
  "": () => true, ok: (r) => r.status && r.status < 400, refused: (r) => r.status >= 400 && r.status < 500,
  failed: (r) => r.status >= 500, cut: (r) => r.status === null && r.milliseconds !== null,
  hit: (r) => r.faults.length > 0,
};
const known = new Map();
let last = 0, paused = false, chosen = null, whole = null;

const pick = (id, title, options) => make("label", {}, title, make("select", {id, onchange: draw},
  Object.entries(options).map(([value, text]) => make("option", {value}, text))));

export function open(content) {
  content.append(make("h2", {}, "Requests going by"), make("div", {class: "split", id: "split"},
    make("div", {class: "card flush"},
      make("div", {class: "row", id: "filters"},
        pick("f-simulator", "Simulator", {"": "All", ...NAMES}),
        pick("f-answer", "Answer", {"": "All", ok: "Worked (2xx, 3xx)", refused: "Refused (4xx)", failed: "Failed (5xx)",
          cut: "Connection cut", hit: "Hit by a fault"}),
        make("label", {}, "Path contains", make("input", {id: "f-path", type: "search", placeholder: "/invoice", oninput: draw})),
        button("Pause", pause, {id: "pause", "aria-pressed": "false"}),
        button("Clear the list", act("", async () => { await call("DELETE", "/_state/requests"); known.clear(); draw(); }))),
      make("div", {id: "list"})),
    make("section", {class: "card side", id: "one", "aria-label": "One request", hidden: true})));
}

export async function look(content, now, rest) {
  const wanted = rest[0] ? Number(rest[0]) : null;
  if (!paused) {
    const {requests} = await call("GET", `/_state/requests?bodies=0&changed_after=${last}`);
    for (const one of requests.reverse()) {
      known.set(one.number, one);
      last = Math.max(last, one.revision);
    }
    // In the order in which they came, however they ended; what the sandbox forgets is forgotten here.
    const kept = [...known.values()].sort((a, b) => a.number - b.number).slice(-MAX_KEPT);
    known.clear();
    for (const one of kept) known.set(one.number, one);
  }
  if (wanted !== chosen || (wanted && (whole === null || whole.milliseconds === null))) {
    chosen = wanted;
    whole = wanted ? await call("GET", `/_state/requests/${wanted}`).catch((problem) => ({gone: problem.message})) : null;
  }
  draw(now);
}

function filtered() {
  const simulator = $("f-simulator").value, fits = ANSWERS[$("f-answer").value], text = $("f-path").value.toLowerCase();
  return [...known.values()].reverse().filter((r) => (!simulator || r.simulator === simulator) && fits(r) &&
    `${r.method} ${r.path}?${r.query}`.toLowerCase().includes(text)).slice(0, MAX_LISTED);
}

function draw() {
  if (!$("list")) return;
  const rows = filtered().map((r) => ({...r, rowClass: `pick ${r.number === chosen ? "chosen" : ""}`}));
  show($("list"), [rows, known.size === 0], () => rows.length ? list(rows) : known.size
    ? empty("No request fits the filter.")
    : empty("Nothing has been asked yet. Point an app here and each request shows up within two seconds: ",
      link("how to connect a client", "#connect"), "."));
  $("split").classList.toggle("open", chosen !== null);
  $("one").hidden = chosen === null;
  if (chosen !== null && whole) show($("one"), whole, () => whole.gone ? [empty(whole.gone), back()] : detail(whole));
}

const answer = (r) => r.status === null
  ? (r.milliseconds === null ? state("Running", "blue") : state("Cut", "bad"))
  : state(String(r.status), r.status < 400 ? "good" : r.status < 500 ? "warn" : "bad");
// The company is the same in most lines, and long ids are told apart by their beginning.
const shortPath = (r) => r.path.replace(/^\/v3\/company\/\d+/, "…").replace(/[^/]{26,}/g, (id) => `${id.slice(0, 18)}…`);
const took = (r) => r.milliseconds === null ? "" : `${r.milliseconds < 10 ? r.milliseconds.toFixed(1) : Math.round(r.milliseconds)} ms`;
const back = () => button("Back to the list", () => { location.hash = "#requests"; }, {"data-key": "back"});

function list(rows) {
  const lines = rows.map((r) => make("tr", {class: r.rowClass, onclick: () => { location.hash = `#requests/${r.number}`; }},
    make("td", {}, answer(r)),
    make("td", {class: "wrap"}, link(`${r.method} ${shortPath(r)}`, `#requests/${r.number}`, {"data-key": r.number, title: r.path}),
      r.query && make("div", {class: "soft mono"}, r.query.length > 140 ? `${r.query.slice(0, 140)}…` : r.query),
      r.faults.length > 0 && make("div", {}, r.faults.map((fault) => state(`fault: ${fault.replaceAll("_", " ")}`, "bad")))),
    make("td", {class: "soft only-wide"}, NAMES[r.simulator]),
    make("td", {class: "soft only-wide"}, r.at.slice(11, 23)),
    make("td", {class: "n"}, took(r))));
  const head = [["Answer"], ["Request"], ["Simulator", "only-wide"], ["At (UTC)", "only-wide"], ["Took", "n"]];
  return make("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "Requests"}, make("table", {},
    make("thead", {}, make("tr", {}, head.map(([text, kind]) => make("th", {scope: "col", class: kind}, text)))),
    make("tbody", {}, lines)));
}

function detail(r) {
  const body = (title, text, bytes, headers) => [
    make("h3", {}, title),
    make("details", {"data-key": title}, make("summary", {}, "Headers"),
      make("pre", {tabindex: "0"}, Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join("\n") || "(none)")),
    make("pre", {tabindex: "0", "aria-label": title}, pretty(text, headers["content-type"])),
    bytes > text.length && bytes > 32000 && make("p", {class: "soft"}, `Cut: the whole is ${bytes.toLocaleString("en-US")} bytes long.`),
  ];
  return [
    make("div", {class: "head"}, make("h2", {class: "mono"}, `${r.method} ${shortPath(r)}`), back()),
    make("div", {class: "row"}, answer(r), make("span", {class: "soft"}, `${NAMES[r.simulator]}, ${r.at.slice(11, 23)} UTC` +
      (r.milliseconds === null ? "" : `, ${took(r)}`)), r.faults.map((fault) => state(`fault: ${fault.replaceAll("_", " ")}`, "bad"))),
    make("div", {class: "row"}, button("Copy as curl", () => copy(curl(r), "The curl command"), {"data-key": "curl"}),
      button("Copy the answer", () => copy(r.answer_body, "The answer"), {"data-key": "answer"})),
    r.query && make("p", {class: "mono"}, `? ${r.query}`),
    body("Request", r.request_body, r.request_bytes, r.request_headers),
    r.status === null && r.milliseconds !== null
      ? [make("h3", {}, "Answer"), make("p", {}, "None: a fault cut the connection.")]
      : body("Answer", r.answer_body, r.answer_bytes, r.answer_headers),
  ].flat();
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const SENT = ["content-type", "accept", "stripe-version", "stripe-account", "idempotency-key"];

export function curl(r) {
  const parts = [`curl -X ${r.method} ${quoted(location.origin + r.path + (r.raw_query ? `?${r.raw_query}` : ""))}`];
  const credentials = r.request_headers.authorization || "";
  if (credentials.startsWith("Bearer")) parts.push('-H "Authorization: Bearer $TOKEN"');
  if (credentials.startsWith("Basic")) parts.push('-u "$CLIENT_ID:$CLIENT_SECRET"');
  for (const name of SENT) if (r.request_headers[name]) parts.push(`-H ${quoted(`${name}: ${r.request_headers[name]}`)}`);
  if (r.request_body) parts.push(`--data-raw ${quoted(r.request_body)}`);
  return parts.join(" \\\n  ");
}

function pause() {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  $("pause").textContent = paused ? "Go on" : "Pause";
  document.dispatchEvent(new Event("look-again"));
}

export function key(event) {
  if (event.key === "/") { event.preventDefault(); $("f-path").focus(); return; }
  if (event.key === "Escape") { location.hash = "#requests"; return; }
  if (event.key !== "j" && event.key !== "k") return;
  const rows = filtered(), at = rows.findIndex((r) => r.number === chosen);
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
  if (next) location.hash = `#requests/${next.number}`;
}
