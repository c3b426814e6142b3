/** The places within the books, in the order of the work: what to do, what to check, how it is set up, what was sent.
 *
 * A new page of the books adds one entry here and one route under `books` in router.tsx.
 */

import { Link, useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Overview } from "../data/books";

type Place = {
  to: string;
  label: string;
  /** How many things stand there; none is not shown. `red`: a person is needed. */
  count?: (overview: Overview) => { n: number; red: boolean };
};

const differences = ({ needs_you }: Overview) => needs_you.filter(({ kind }) => kind === "difference").length;

const GROUPS = [
  {
    name: "Money",
    places: [
      { to: "/books", label: "Overview" },
      { to: "/books/needs-you", label: "Needs you", count: ({ payments }) => ({ n: payments.needs_you_count, red: true }) },
      { to: "/books/waiting", label: "Waiting", count: ({ payments }) => ({ n: payments.postings_waiting_count, red: false }) },
      { to: "/books/posted", label: "In the books" },
      { to: "/books/left-out", label: "Left out" },
    ],
  },
  {
    name: "Checks",
    places: [
      { to: "/books/review", label: "Review" },
      { to: "/books/differences", label: "Differences", count: (overview) => ({ n: differences(overview), red: true }) },
      { to: "/books/reconciliation", label: "Reconciliation" },
    ],
  },
  {
    name: "QuickBooks",
    places: [
      { to: "/books/mapping", label: "Mapping" },
      { to: "/books/backfill", label: "Start date" },
      { to: "/books/log", label: "Sync log" },
      { to: "/books/quota", label: "Quota" },
      { to: "/books/doctor", label: "Doctor" },
    ],
  },
] as const satisfies { name: string; places: Place[] }[];

export function BooksNav({ overview }: { overview: Overview | undefined }) {
  const nav = useRef<HTMLElement>(null);
  const path = useLocation({ select: ({ pathname }) => pathname });
  useEffect(() => {
    // On a phone the places scroll sideways: the open one must be in sight.
    const links = [...(nav.current?.querySelectorAll("a") ?? [])];
    const open = links.findLast((link) => `${path}/`.startsWith(`${link.getAttribute("href")}/`));
    if (nav.current && open) nav.current.scrollLeft = open.offsetLeft - nav.current.offsetLeft - 16;
  }, [path]);
  return (
    <nav aria-label="Books" className="books-nav" ref={nav}>
      {GROUPS.map((group) => (
        <div key={group.name} className="books-nav-group">
          <span className="books-nav-name">{group.name}</span>
          {group.places.map((place: Place) => (
            <Link
              key={place.to}
              to={place.to}
              className="place"
              activeProps={{ className: "place active", "aria-current": "page" }}
              activeOptions={{ exact: place.to === "/books", includeSearch: false }}
            >
              <span>{place.label}</span>
              {overview && place.count && <Count {...place.count(overview)} />}
            </Link>
          ))}
        </div>
      ))}
    </nav>
  );
}

function Count({ n, red }: { n: number; red: boolean }) {
  return n > 0 ? <span className={red ? "count" : "count calm"}>{n}</span> : null;
}
