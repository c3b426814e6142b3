// QuickBooks: one company at a time, with its connection, settings, accounts, trial balance, documents and lists.
import {$, act, ask, button, call, empty, link, major, make, minor, plain, sentence, show, state, table} from "./dom.js";
import {counted, deliverySettings} from "./webhooks.js";

const MAX_LISTED = 200;
const DOCUMENTS = ["Estimate", "Invoice", "Payment", "SalesReceipt", "CreditMemo", "RefundReceipt", "Deposit", "Transfer",
  "Purchase", "JournalEntry", "Bill", "BillPayment", "VendorCredit", "TimeActivity"];
const MERGEABLE = ["Customer", "Vendor", "Employee", "Item", "Account", "Class", "Department", "PaymentMethod"];
const VIEWS = {overview: "Overview", documents: "Documents", lists: "Customers and lists", accounts: "Accounts",
  trial: "Trial balance", settings: "Settings", webhooks: "Webhooks"};
// Documents in the order of the trade, then the lists.
const inOrder = (names) => [...DOCUMENTS.filter((name) => names.includes(name)), ...names.filter((name) => !DOCUMENTS.includes(name))];
const words = (name) => name.replace(/([a-z])([A-Z])/g, "$1 $2");

export const open = (content) => content.append(make("div", {id: "books-head", class: "head"}),
  make("nav", {id: "books-nav", class: "subnav", "aria-label": "QuickBooks"}), make("div", {id: "books-body"}));

export async function look(content, now, rest) {
  const companies = now.quickbooks.companies;
  const company = companies.find((one) => one.realm_id === rest[0]) ?? companies[0];
  const view = VIEWS[rest[1]] ? rest[1] : "overview", base = `/_state/quickbooks/${company.realm_id}`;
  show($("books-head"), [companies.map((one) => [one.realm_id, one.name]), company.realm_id, company.connected, view], () => [
    make("div", {class: "row"}, make("h2", {}, company.name),
      company.connected ? state("Connected", "good") : state("Not connected", "bad")),
    make("label", {class: "row"}, "Company", make("select", {"data-key": "company",
      onchange: (event) => { location.hash = `#books/${event.target.value}/${view}`; }},
    companies.map((one) => make("option", {value: one.realm_id, selected: one === company}, `${one.name} (${one.realm_id})`)))),
  ]);
  show($("books-nav"), [company.realm_id, view], () => Object.entries(VIEWS).map(([name, title]) =>
    link(title, `#books/${company.realm_id}/${name}`, {"aria-current": name === view ? "page" : null, "data-key": name})));
  await SHOWN[view]($("books-body"), company, base, now, rest.slice(2));
}

const SHOWN = {
  async overview(body, company, base, now) {
    const grants = now.quickbooks.grants.filter((one) => one.realm_id === company.realm_id).slice(-8).reverse();
    const facts = {grants, counts: company.counts, throttled: now.quickbooks.throttled, realm: company.realm_id};
    show(body, ["overview", facts], () => make("div", {class: "columns"},
      make("section", {class: "card"}, make("h2", {}, "Who is let in"),
        table([["Consented (UTC)", (g) => g.created_at.slice(0, 19).replace("T", " ")], ["Client", (g) => g.client_id, "wrap"],
          ["Now", (g) => g.revoked ? state("Revoked", "bad") : state("Live", "good")]], grants,
        empty("No app has been let in. It opens /connect/oauth2, a person approves, and its tokens are listed here: ",
          link("how to connect a client", "#connect"), ".")),
        make("div", {class: "row"},
          button("Disconnect the app", act("The app is disconnected: its next request gets 401.",
            () => call("POST", "/_state/quickbooks/revoke", {realm_id: company.realm_id})), {"data-key": "revoke"}),
          button("Expire access tokens", act("Access tokens ended. Refresh tokens still work.",
            () => call("POST", "/_state/quickbooks/expire_access_tokens", {realm_id: company.realm_id})), {"data-key": "expire"})),
        make("p", {class: "soft"}, `${facts.throttled} requests were throttled so far.`)),
      make("section", {class: "card"}, make("h2", {}, "What the books hold"),
        table([["Kind", (row) => link(words(row.name), `#books/${company.realm_id}/${row.view}/${row.name}`)], ["Objects", (row) => row.count, "n"]],
          inOrder(Object.keys(company.counts)).map((name) => ({name, count: company.counts[name], view: DOCUMENTS.includes(name) ? "documents" : "lists"})),
          "Nothing yet."))));
  },

  async accounts(body, company, base) {
    const {objects} = await call("GET", `${base}/Account`);
    const cents = Object.fromEntries(company.trial_balance.accounts.map((one) => [one.id, one.balance_cents]));
    const rows = objects.map((one) => ({id: one.Id, name: one.FullyQualifiedName, kind: one.AccountType, detail: one.AccountSubType,
      number: one.AcctNum, active: one.Active !== false, cents: cents[one.Id] ?? 0, currency: one.CurrencyRef?.value}));
    show(body, ["accounts", rows], () => make("section", {class: "card"}, make("h2", {}, "Chart of accounts"),
      table([["Account", (a) => link(a.name + (a.active ? "" : " (inactive)"), `#books/${company.realm_id}/lists/Account/${a.id}`), "wrap"],
        ["Type", (a) => a.kind], ["Detail", (a) => a.detail, "only-wide"], ["Id", (a) => a.id, "n only-wide"],
        ["Debit", (a) => a.cents > 0 ? minor(a.cents) : "", "n"], ["Credit", (a) => a.cents < 0 ? minor(-a.cents) : "", "n"]], rows, "No accounts.")));
  },

  async trial(body, company) {
    const rows = company.trial_balance.accounts;
    const sum = (sign) => minor(rows.reduce((all, one) => all + Math.max(sign * one.balance_cents, 0), 0));
    show(body, ["trial", rows], () => make("section", {class: "card"},
      make("div", {class: "head"}, make("h2", {}, "Trial balance"), rows.length > 0 && state("Debits equal credits", "good")),
      table([["Account", (a) => a.name, "wrap"], ["Type", (a) => a.type, "only-wide"],
        ["Debit", (a) => a.debit ?? (a.balance_cents > 0 ? minor(a.balance_cents) : ""), "n"],
        ["Credit", (a) => a.credit ?? (a.balance_cents < 0 ? minor(-a.balance_cents) : ""), "n"]],
      rows.length ? [...rows, {name: "Total", type: "", debit: sum(1), credit: sum(-1), rowClass: "sum"}] : [],
      "Nothing is booked yet. The first invoice debits receivables and credits income, and both show here.")));
  },

  documents: (body, company, base, now, rest) => kinds(body, company, base, rest, "documents", DOCUMENTS,
    "No documents yet. POST an invoice to /v3/company/…/invoice, or pay a deposit in the product."),
  lists: (body, company, base, now, rest) => kinds(body, company, base, rest, "lists",
    Object.keys(company.counts).filter((name) => !DOCUMENTS.includes(name)), "Nothing here."),

  async settings(body, company, base) {
    const settings = await call("GET", `${base}/settings`);
    show(body, ["settings", company.realm_id, settings], () => make("section", {class: "card"}, make("h2", {}, "Settings of the company"),
      make("p", {class: "soft"}, "As a bookkeeper would switch them in QuickBooks. They act from the next request on."),
      settingsForm(settings, base),
      make("div", {class: "row"}, button("Remove all documents…", async () => {
        if (await ask("Remove all documents?", `All transactions of ${company.name} go; customers, items, accounts and settings stay.`, "Remove them")) {
          await act("The books are empty.", () => call("POST", `${base}/wipe`))();
        }
      }))));
  },

  async webhooks(body) {
    const [told, settings] = await Promise.all([call("GET", "/_state/quickbooks/deliveries"), call("GET", "/_state/quickbooks/delivery")]);
    const rows = told.data.slice(-MAX_LISTED).reverse();
    show(body, ["webhooks", rows, settings, told.on, told.waiting], () => make("div", {class: "main-and-side"},
      make("section", {class: "card"}, make("h2", {}, "Webhooks to the app"),
        table([["Changes", (d) => changes(d.events).map((text) => make("div", {}, text)), "wrap"],
          ["State", (d) => state(sentence(d.state), d.state === "delivered" ? "good" : d.state === "failed" ? "bad" : "blue")],
          ["Answers", (d) => counted(d.attempts), "wrap"],
          ["", (d) => button("Send again", act("It is sent again.", () => call("POST", `/_state/quickbooks/deliveries/${d.id}/resend`)), {"data-key": `again${d.id}`})]],
        rows, told.on ? "Nothing changed yet. Each change of the books is sent as a CloudEvent." :
          "Webhooks are off: start the sandbox with --qbo-webhook-url and --qbo-verifier-token.")),
      deliverySettings("quickbooks", settings, told.waiting)));
  },
};

// CloudEvents, or the older body with one notification for each company.
const changes = (told) => Array.isArray(told) ? told.map((one) => `${one.type} ${one.intuitentityid}`)
  : told.eventNotifications.flatMap((one) => one.dataChangeEvent.entities.map((e) => `${e.name} ${e.id}: ${e.operation}`));

async function kinds(body, company, base, rest, view, all, whenNone) {
  const there = all.filter((name) => company.counts[name]), kind = rest[0] ?? there[0];
  if (!kind) { show(body, [view, "none"], () => make("section", {class: "card"}, empty(whenNone))); return; }
  const [told, one] = await Promise.all([call("GET", `${base}/${kind}?newest=${MAX_LISTED}`),
    rest[1] ? call("GET", `${base}/${kind}/${rest[1]}`).catch((problem) => ({gone: problem.message})) : null]);
  const here = `#books/${company.realm_id}/${view}`;
  show(body, [view, there.map((name) => [name, company.counts[name]]), kind, told, one], () => [
    make("nav", {"aria-label": "Kinds"}, [...new Set([...there, kind])].map((name) => link(`${words(name)} ${company.counts[name] ?? 0}`,
      `${here}/${name}`, {"aria-current": name === kind ? "page" : null, "data-key": `kind${name}`}))),
    make("div", {class: `split ${one ? "open" : ""}`},
      make("section", {class: "card", "aria-label": words(kind)}, rowsOf(kind, told.objects, `${here}/${kind}`, rest[1]),
        told.count > MAX_LISTED && make("p", {class: "soft"}, `The newest ${MAX_LISTED} of ${told.count}. Ask for the others with the query language.`)),
      one && make("section", {class: "card side", "aria-label": "Document"}, one.gone ? empty(one.gone) : document_(kind, one, company, `${here}/${kind}`)))]);
}

const currency = (o) => o.CurrencyRef?.value ?? "USD";
const who = (o) => o.CustomerRef?.name ?? o.VendorRef?.name ?? o.EntityRef?.name ?? o.AccountRef?.name ?? o.DepositToAccountRef?.name ?? "";
const total = (o) => o.TotalAmt ?? o.Amount ?? (o.Line ?? []).filter((l) => l.JournalEntryLineDetail?.PostingType === "Debit").reduce((all, l) => all + l.Amount, 0);

function standing(kind, o) {
  if (/^Voided/.test(o.PrivateNote ?? "") && !total(o)) return state("Voided");
  if (kind === "Invoice") return !o.Balance ? state("Paid", "good") : o.Balance < o.TotalAmt ? state("Partly paid", "blue") : state("Open", "warn");
  if (kind === "Payment") return o.UnappliedAmt ? state("Not all applied", "warn") : state("Applied", "good");
  if (kind === "Estimate") return state(o.TxnStatus ?? "Pending");
  return o.Balance ? state("Open", "warn") : "";
}

function rowsOf(kind, objects, here, chosen) {
  const rows = objects.map((o) => ({...o, rowClass: o.Id === chosen ? "chosen" : ""}));
  const to = (text) => (o) => link(text(o), `${here}/${o.Id}`, {"data-key": `o${o.Id}`});
  if (DOCUMENTS.includes(kind)) {
    return table([["No.", to((o) => o.DocNumber || o.PaymentRefNum || `Id ${o.Id}`)], ["Date", (o) => o.TxnDate], ["With", who, "wrap"],
      ["State", (o) => standing(kind, o)], ["Total", (o) => major(total(o), currency(o)), "n"],
      ["Open", (o) => o.Balance === undefined ? "" : major(o.Balance, currency(o)), "n only-wide"]], rows, `No ${words(kind).toLowerCase()} yet.`);
  }
  const balance = rows.some((o) => o.BalanceWithJobs !== undefined || o.CurrentBalance !== undefined);
  return table([["Name", to((o) => o.FullyQualifiedName ?? o.DisplayName ?? o.Name ?? o.CompanyName ?? o.FileName ?? `Id ${o.Id}`), "wrap"], ["Id", (o) => o.Id, "n"],
    ["Now", (o) => o.Active === false ? state("Inactive") : ""],
    balance && ["Balance", (o) => major(o.Balance ?? o.CurrentBalance, currency(o)), "n"]].filter(Boolean), rows, `No ${words(kind).toLowerCase()} yet.`);
}

function document_(kind, {object: o, postings}, company, here) {
  const links = [...(o.LinkedTxn ?? []), ...(o.Line ?? []).flatMap((l) => l.LinkedTxn ?? [])];
  const unique = [...new Map(links.map((l) => [`${l.TxnType}/${l.TxnId}`, l])).values()];
  const sum = (name) => minor(postings.reduce((all, p) => all + p[name], 0));
  const isDocument = DOCUMENTS.includes(kind);
  return [
    make("div", {class: "head"}, make("h2", {}, `${words(kind)} ${o.DocNumber ?? o.DisplayName ?? o.FullyQualifiedName ?? o.Name ?? o.Id}`),
      link("Back to the list", here, {"data-key": "back"})),
    isDocument && make("p", {class: "big"}, major(total(o), currency(o)), " ", standing(kind, o)),
    isDocument && make("dl", {}, fact("Date", o.TxnDate), fact("With", who(o)), fact("Id, version", `${o.Id}, ${o.SyncToken}`), fact("Note", o.PrivateNote),
      unique.length > 0 && fact("Linked to", unique.map((l) => make("div", {}, link(`${words(l.TxnType)} ${l.TxnId}`, `#books/${company.realm_id}/documents/${l.TxnType}/${l.TxnId}`))))),
    postings.length > 0 && make("h3", {}, "Debits and credits"),
    postings.length > 0 && table([["Account", (p) => p.account, "wrap"], ["Debit", (p) => p.debit ?? (p.debit_cents ? minor(p.debit_cents) : ""), "n"],
      ["Credit", (p) => p.credit ?? (p.credit_cents ? minor(p.credit_cents) : ""), "n"]],
    [...postings, {account: "Total", debit: sum("debit_cents"), credit: sum("credit_cents"), rowClass: "sum"}], ""),
    isDocument && !postings.length && make("p", {class: "soft"}, "This document moves nothing in the books."),
    MERGEABLE.includes(kind) && o.Active !== false && mergeForm(kind, o, company),
    make("details", {"data-key": "json", open: !isDocument}, make("summary", {}, "As the API tells it"), make("pre", {tabindex: "0"}, JSON.stringify(o, null, 2))),
  ].filter(Boolean);
}

// As a person does in QuickBooks by giving two objects one name.
function mergeForm(kind, winner, company) {
  const form = make("form", {class: "row"}, make("label", {}, `Id of the ${words(kind).toLowerCase()} that goes`,
    make("input", {name: "loser", required: true, inputmode: "numeric", "data-key": "loser"})), make("button", {}, "Merge it into this one…"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const loser = form.elements.loser.value.trim();
    if (await ask("Merge for good?", `${words(kind)} ${loser} becomes inactive, and its transactions move to this one. QuickBooks cannot take it back.`, "Merge")) {
      await act("Merged.", () => call("POST", `/_state/quickbooks/${company.realm_id}/merge`, {entity: kind, winner: winner.Id, loser}))();
    }
  });
  return form;
}

const fact = (name, value) => value ? [make("dt", {}, name), make("dd", {}, value)] : [];

function settingsForm(settings, base) {
  const all = Object.entries(settings), title = (name) => sentence(plain(name)).replace("txn", "transaction");
  const texts = all.filter(([, value]) => typeof value !== "boolean").map(([name, value]) => make("label", {},
    title(name) + (Array.isArray(value) ? " (separated by commas)" : ""), make("input", {name, value: Array.isArray(value) ? value.join(", ") : value ?? "", type: name.endsWith("date") ? "date" : typeof value === "number" ? "number" : "text", step: "any"})));
  const switches = all.filter(([, value]) => typeof value === "boolean").map(([name, value]) =>
    make("label", {class: "check"}, make("input", {type: "checkbox", name, checked: value}), title(name)));
  const form = make("form", {class: "stack"}, make("div", {class: "fields"}, texts), make("div", {class: "fields"}, switches),
    make("div", {class: "row"}, make("button", {class: "go"}, "Save the settings")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const changed = {};
    for (const [name, value] of Object.entries(settings)) {
      const input = form.elements[name];
      const given = typeof value === "boolean" ? input.checked : typeof value === "number" ? Number(input.value)
        : Array.isArray(value) ? input.value.split(",").map((part) => part.trim()).filter(Boolean) : input.value || null;
      if (JSON.stringify(given) !== JSON.stringify(value)) changed[name] = given;
    }
    act("The settings are saved.", () => call("POST", `${base}/settings`, changed))();
  });
  return form;
}
