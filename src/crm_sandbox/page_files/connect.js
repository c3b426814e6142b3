// What to set in each client so that it talks to this sandbox.
import {button, call, copy, make, show} from "./dom.js";

const commands = (base) => ({
  "curl, QuickBooks": `curl "${base}/v3/company/$REALM/query?query=select+*+from+Invoice" \\\n  -H "Authorization: Bearer $TOKEN" -H "Accept: application/json"`,
  "curl, Stripe": `curl ${base}/v1/customers -u sk_test_any: -d name="Marisol Vega"`,
});

const ADDRESSES = [["Stripe's API", "/v1"], ["QuickBooks' API", "/v3/company/{realm}"], ["Intuit's consent page", "/connect/oauth2"],
  ["Intuit's tokens", "/oauth2/v1/tokens/bearer"], ["Discovery document", "/.well-known/openid_configuration"],
  ["Faults", "/_faults"], ["What both hold", "/_state"]];

export async function look(content, now) {
  const base = now.base_url, {clients} = await call("GET", "/_state/clients");
  show(content, ["connect", base, now.quickbooks.companies.map((one) => one.realm_id)], () => [
    make("h2", {}, "Connect a client"),
    make("div", {class: "columns"},
      make("section", {class: "card"}, make("h2", {}, "Addresses"),
        make("dl", {}, ADDRESSES.map(([title, path]) => [make("dt", {}, title), make("dd", {}, make("code", {}, base + path))])),
        make("dl", {}, make("dt", {}, "Companies (realms)"), make("dd", {}, now.quickbooks.companies.map((one) => make("div", {}, make("code", {}, one.realm_id), ` ${one.name}`))),
          make("dt", {}, "Stripe keys"), make("dd", {}, "any that begins with ", make("code", {}, "sk_test_")),
          make("dt", {}, "Test card"), make("dd", {}, make("code", {}, "4242 4242 4242 4242"), ", any date and CVC"))),
      make("section", {class: "card"}, make("h2", {}, "Settings of clients"),
        Object.entries({...clients, ...commands(base)}).map(([name, text]) => make("div", {}, make("div", {class: "head"}, make("h3", {}, name),
          button("Copy", () => copy(text, `The setting for ${name}`), {"aria-label": `Copy the setting for ${name}`})), make("pre", {tabindex: "0"}, text))))),
  ]);
}
