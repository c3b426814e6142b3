/** The parts of the settings, each with an address of its own. */

import type { Permission } from "../data/session";

type Place = { to: string; label: string; permission: Permission };

export const SETTINGS = [
  { to: "/settings/company", label: "Company", permission: "read" },
  { to: "/settings/branding", label: "Branding", permission: "read" },
  { to: "/settings/team", label: "Team", permission: "org:manage" },
  { to: "/settings/deposits", label: "Deposits and taxes", permission: "read" },
  { to: "/settings/law", label: "Contract law", permission: "read" },
  { to: "/settings/texts", label: "Proposal texts", permission: "read" },
  { to: "/settings/files", label: "Files", permission: "read" },
  { to: "/settings/mail", label: "Mail", permission: "read" },
  { to: "/settings/api-keys", label: "API keys", permission: "org:manage" },
  { to: "/settings/webhooks", label: "Webhooks", permission: "org:manage" },
] as const satisfies Place[];
