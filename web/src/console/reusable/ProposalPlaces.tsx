/** Where one is among the proposals: the proposals themselves, their templates, the price book. */

import { Link } from "@tanstack/react-router";

const PLACES = [
  { to: "/proposals", label: "Proposals" },
  { to: "/proposals/templates", label: "Templates" },
  { to: "/proposals/price-book", label: "Price book" },
] as const;

export function ProposalPlaces() {
  return (
    <nav aria-label="Proposals" className="page-places">
      {PLACES.map(({ to, label }) => (
        <Link
          key={to}
          to={to}
          activeOptions={{ exact: true, includeSearch: false }}
          activeProps={{ className: "active", "aria-current": "page" }}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
