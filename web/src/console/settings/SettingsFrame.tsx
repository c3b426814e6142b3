/** The frame of the settings: their parts beside the one that is open; on a phone they slide in one row above it. */

import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useMay } from "../data/session";
import { SETTINGS } from "./places";

export function SettingsFrame() {
  const may = useMay();
  const places = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  // Where the parts slide, the open one is in sight.
  useEffect(() => {
    const row = places.current;
    const open = row?.querySelector<HTMLElement>(`[href="${pathname}"]`);
    if (row && open) row.scrollLeft = open.offsetLeft - row.offsetLeft - (row.clientWidth - open.clientWidth) / 2;
  }, [pathname]);
  return (
    <div className="settings">
      <nav aria-label="Settings" className="settings-places" ref={places}>
        {SETTINGS.filter((place) => may(place.permission)).map((place) => (
          <Link
            key={place.to}
            to={place.to}
            className="place"
            activeProps={{ className: "place active", "aria-current": "page" }}
          >
            {place.label}
          </Link>
        ))}
      </nav>
      <div className="settings-page">
        <Outlet />
      </div>
    </div>
  );
}
