// Stripe: one account at a time, with sessions, payments, refunds, disputes, payouts, its balance and its webhooks.
import {$, act, atTime, button, call, empty, link, make, minor, plain, sentence, show, state, table} from "./dom.js";
import {counted, deliverySettings} from "./webhooks.js";

const MAX_LISTED = 200;
const VIEWS = {overview: "Overview", sessions: "Checkout sessions", payments: "Payments", refunds: "Refunds", disputes: "Disputes",
  payouts: "Payouts", webhooks: "Webhooks"};
const TONES = {succeeded: "good", paid: "good", complete: "good", won: "good", delivered: "good", failed: "bad", lost: "bad", needs_response: "bad",
  open: "blue", processing: "blue", pending: "blue", sending: "blue", waiting: "blue", in_transit: "blue", requires_action: "warn"};
const word = (text) => state(sentence(plain(text ?? "")), TONES[text]);
const hook = (text, path, body = {}) => act(text, () => call("POST", `/_state/stripe/${path}`, body));

export const open = (content) => content.append(make("div", {id: "money-head", class: "head"}),
  make("nav", {id: "money-nav", class: "subnav", "aria-label": "Stripe"}), make("div", {id: "money-body"}));

export async function look(content, now, rest) {
  const {accounts} = await call("GET", "/_state/stripe/balances");
  if (!accounts.length) {
    show($("money-head"), "none", () => make("h2", {}, "Stripe"));
    show($("money-nav"), "none", () => []);
    show($("money-body"), "none", () => make("section", {class: "card"}, empty("No key has been used yet. Any key that begins with sk_test_ opens an account: ",
      link("how to connect a client", "#connect"), ".")));
    return;
  }
  const busiest = [...accounts].sort((a, b) => (b.counts["checkout.session"] ?? 0) - (a.counts["checkout.session"] ?? 0))[0];
  const account = accounts.find((one) => one.account === rest[0]) ?? busiest, view = VIEWS[rest[1]] ? rest[1] : "overview";
  const title = (one) => one.account + (one.connected_to ? " (connected)" : "");
  show($("money-head"), [accounts.map((one) => [one.account, one.connected_to]), account.account, view], () => [
    make("h2", {}, "Stripe"),
    make("label", {class: "row"}, "Account", make("select", {"data-key": "account", onchange: (event) => { location.hash = `#stripe/${event.target.value}/${view}`; }},
      accounts.map((one) => make("option", {value: one.account, selected: one === account}, title(one)))))]);
  show($("money-nav"), [account.account, view], () => Object.entries(VIEWS).map(([name, text]) =>
    link(text, `#stripe/${account.account}/${name}`, {"aria-current": name === view ? "page" : null, "data-key": name})));
  await SHOWN[view]($("money-body"), account, rest[2]);
}

const newest = async (kind, account) => (await call("GET", `/_state/stripe/${kind}?account=${account.account}`)).data.slice(-MAX_LISTED).reverse();
const when = ["At (UTC)", (o) => atTime(o.created), "only-wide"];
const amount = ["Amount", (o) => minor(o.amount ?? o.amount_total ?? 0, o.currency ?? "usd"), "n"];
const json = (o) => make("details", {"data-key": o.id}, make("summary", {class: "mono"}, o.id), make("pre", {tabindex: "0"}, JSON.stringify(o, null, 2)));
const idColumn = ["Id", json, "wrap"];
const actions = (...made) => make("div", {class: "row"}, made);

// Like a click in Stripe's own dashboard: through the public API, with a key of the account.
function refund(charge, account) {
  const owner = account.connected_to ?? account.account;
  const key = /^acct_1[A-Za-z0-9]{15}$/.test(owner) ? `sk_test_5${owner.slice(5)}Page` : "sk_test_page";
  const headers = {"content-type": "application/x-www-form-urlencoded", authorization: `Bearer ${key}`,
    ...(account.connected_to ? {"stripe-account": account.account} : {})};
  return act("The rest of the charge is refunded.", () => call("POST", "/v1/refunds", `charge=${charge.id}`, headers));
}

const list = (title, columns, rows, whenEmpty, ...more) => make("section", {class: "card"},
  make("div", {class: "head"}, make("h2", {}, title), ...more), table(columns, rows, whenEmpty));

const SHOWN = {
  async overview(body, account) {
    const [settings] = await Promise.all([call("GET", "/_state/stripe/settings")]);
    show(body, ["overview", account, settings], () => make("div", {class: "columns"},
      make("section", {class: "card"}, make("h2", {}, "Balance"),
        table([["Currency", (b) => b.currency.toUpperCase()], ["Available", (b) => minor(b.available, b.currency), "n"], ["Pending", (b) => minor(b.pending, b.currency), "n"]],
          account.balance.available.map((b, at) => ({currency: b.currency, available: b.amount, pending: account.balance.pending[at].amount})), ""),
        actions(button("Pay out now", hook("An automatic payout was made.", "payouts", {account: account.account}), {"data-key": "payout"}))),
      make("section", {class: "card"}, make("h2", {}, "What the account holds"),
        table([["Kind", (row) => plain(row[0])], ["Objects", (row) => row[1], "n"]], Object.entries(account.counts), "Nothing yet.")),
      make("section", {class: "card"}, make("h2", {}, "How long things take"), timings(settings))));
  },
  async sessions(body, account) {
    const rows = await newest("sessions", account);
    show(body, ["sessions", rows], () => list("Checkout sessions", [idColumn, when, ["State", (s) => word(s.status)],
      ["Payment", (s) => word(s.payment_status)], amount, ["", (s) => s.status === "open" && actions(
        link("Open the payment page", s.url, {target: "_blank", rel: "noopener"}),
        button("Expire", hook("The session is expired.", `sessions/${s.id}/expire`), {"data-key": `x${s.id}`}))]], rows,
    "No checkout sessions yet. An app makes one with POST /v1/checkout/sessions and sends its customer to the session's url."));
  },
  async payments(body, account) {
    const [intents, charges] = await Promise.all([newest("payment_intents", account), newest("charges", account)]);
    const chargeOf = Object.fromEntries(charges.map((charge) => [charge.id, charge]));
    show(body, ["payments", intents, charges], () => list("Payments", [idColumn, when, ["State", (p) => word(p.status)],
      ["Refunded", (p) => chargeOf[p.latest_charge]?.amount_refunded ? minor(chargeOf[p.latest_charge].amount_refunded, p.currency) : "", "n only-wide"], amount,
      ["", (p) => {
        const charge = chargeOf[p.latest_charge];
        if (p.status === "processing") {
          return actions(button("Bank pays", hook("The bank paid.", `ach/${p.id}/clear`), {"data-key": `c${p.id}`}),
            button("Bank refuses", hook("The bank refused the debit.", `ach/${p.id}/fail`), {"data-key": `f${p.id}`}));
        }
        return charge?.status === "succeeded" && actions(
          !charge.refunded && button("Refund", refund(charge, account), {"data-key": `r${p.id}`}),
          !charge.disputed && button("Dispute", hook("The customer's bank disputes the charge.", "disputes", {charge: charge.id}), {"data-key": `d${p.id}`}));
      }]], intents, "No payments yet. Open a checkout session's page and pay with 4242 4242 4242 4242."));
  },
  async refunds(body, account) {
    const rows = await newest("refunds", account);
    show(body, ["refunds", rows], () => list("Refunds", [idColumn, when, ["State", (r) => word(r.status)], ["Charge", (r) => r.charge, "only-wide"], amount,
      ["", (r) => (r.status === "succeeded" || r.status === "pending") && actions(
        r.status === "pending" && button("Settle", hook("The refund arrived.", `refunds/${r.id}/settle`), {"data-key": `s${r.id}`}),
        button("Let it fail", hook("The refund came back: its money is in the balance again.", `refunds/${r.id}/fail`), {"data-key": `f${r.id}`}))]], rows,
    "No refunds yet. Refund a payment under Payments."));
  },
  async disputes(body, account) {
    const rows = await newest("disputes", account);
    show(body, ["disputes", rows], () => list("Disputes", [idColumn, when, ["State", (d) => word(d.status)], ["Reason", (d) => plain(d.reason), "only-wide"], amount,
      ["", (d) => /response|review/.test(d.status) && actions(
        button("Won", hook("The dispute is won.", `disputes/${d.id}/won`), {"data-key": `w${d.id}`}),
        button("Lost", hook("The dispute is lost.", `disputes/${d.id}/lost`), {"data-key": `l${d.id}`}))]], rows,
    "No disputes. Dispute a payment under Payments, or pay with 4000 0000 0000 0259."));
  },
  async payouts(body, account) {
    const rows = await newest("payouts", account);
    show(body, ["payouts", rows, account.account], () => list("Payouts", [idColumn, when, ["State", (p) => word(p.status)], ["Arrives", (p) => atTime(p.arrival_date).slice(0, 10), "only-wide"], amount,
      ["", (p) => p.status === "paid" && actions(button("Let it fail", hook("The bank sent the payout back.", `payouts/${p.id}/fail`), {"data-key": `f${p.id}`}))]], rows,
    "No payouts yet. They bring the balance to the bank.",
    button("Pay out now", hook("An automatic payout was made.", "payouts", {account: account.account}), {"data-key": "payout"})));
  },
  async webhooks(body) {
    const [told, settings] = await Promise.all([call("GET", "/_state/stripe/deliveries"), call("GET", "/_state/stripe/delivery")]);
    const rows = told.data.slice(-MAX_LISTED).reverse();
    const answered = (d) => counted(d.attempts.map((one) => String(one.status ?? one.error?.split(":")[0])));
    show(body, ["webhooks", rows, settings, told.waiting], () => make("div", {class: "main-and-side"},
      list("Events on their way", [["Event", (d) => [make("div", {}, d.type), make("div", {class: "soft"}, `to ${d.url}`)], "wrap"],
        ["State", (d) => word(d.state)], ["Answers", answered, "wrap"],
        ["", (d) => button("Send again", hook("It is sent again.", `events/${d.event}/resend`), {"data-key": `e${d.id}`})]], rows,
      "No events were sent. Start the sandbox with --stripe-webhook-url, or register an endpoint with POST /v1/webhook_endpoints."),
      deliverySettings("stripe", settings, told.waiting)));
  },
};

function timings(settings) {
  const form = make("form", {class: "fields"}, Object.entries(settings).map(([name, value]) =>
    make("label", {}, sentence(plain(name)), make("input", {type: "number", name, value, min: "0", step: "any"}))),
  make("div", {class: "wide row"}, make("button", {class: "go"}, "Save")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = Object.fromEntries(Object.keys(settings).map((name) => [name, Number(form.elements[name].value)]));
    hook("Saved.", "settings", given)();
  });
  return form;
}
