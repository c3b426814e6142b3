// How webhooks are sent: held back, out of order, twice, late. The same form for both simulators.
import {act, call, make, sentence} from "./dom.js";

const TITLES = {paused: "Hold everything back", shuffle: "Out of order", duplicate_every: "Every n-th twice (0: never)", delay_seconds: "Late by seconds"};

// "5 × ConnectionRefusedError, then 200"
export function counted(attempts) {
  const runs = [];
  for (const one of attempts) {
    const last = runs.at(-1);
    if (last?.told === one) last.times += 1; else runs.push({told: one, times: 1});
  }
  return runs.map((run) => (run.times > 1 ? `${run.times} × ` : "") + run.told).join(", then ") || "none yet";
}

export function deliverySettings(simulator, settings, waiting) {
  const form = make("form", {}, Object.entries(settings).map(([name, value]) => typeof value === "boolean"
    ? make("label", {class: "check"}, make("input", {type: "checkbox", name, checked: value}), TITLES[name] ?? sentence(name))
    : make("label", {}, TITLES[name] ?? sentence(name), make("input", {type: "number", name, min: "0", step: "any", value}))),
  make("div", {class: "row"}, make("button", {class: "go"}, "Send like this")));
  form.className = "stack";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = Object.fromEntries(Object.entries(settings).map(([name, value]) =>
      [name, typeof value === "boolean" ? form.elements[name].checked : Number(form.elements[name].value)]));
    act("Webhooks are sent like this from now on.", () => call("POST", `/_state/${simulator}/delivery`, given))();
  });
  return make("section", {class: "card"}, make("h2", {}, "How they are sent"),
    make("p", {class: "soft"}, waiting ? `${waiting} wait to be sent.` : "Nothing waits to be sent."), form);
}
