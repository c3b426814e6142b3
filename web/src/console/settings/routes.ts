/** The addresses of the settings, and the page behind each. */

import { createRoute, redirect } from "@tanstack/react-router";
import { FILE_KINDS, type FileFilter } from "../data/files";
import { DELIVERY_STATES, type DeliveryState } from "../data/webhooks";
import { page, type Text, textOf } from "../lazyPage";
import type { office } from "../router";

/** Addresses from before each part had one of its own; links to them stay good. */
const OLD_TABS: Record<string, string> = { team: "/settings/team", "api-keys": "/settings/api-keys" };

const validateDeliveries = (search: Record<string, unknown>): { state?: DeliveryState | undefined } => ({
  state: DELIVERY_STATES.find((state) => state === search["state"]),
});

export function settingsUnder(parent: typeof office) {
  const settings = createRoute({
    getParentRoute: () => parent,
    path: "/settings",
    component: page(() => import("./SettingsFrame"), "SettingsFrame"),
  });

  const settingsIndex = createRoute({
    getParentRoute: () => settings,
    path: "/",
    validateSearch: (search: Record<string, unknown>): { tab?: Text } => ({ tab: textOf(search["tab"]) }),
    beforeLoad: ({ search }) => {
      throw redirect({ to: OLD_TABS[search.tab ?? ""] ?? "/settings/company", replace: true });
    },
  });

  const companySettings = createRoute({
    getParentRoute: () => settings,
    path: "/company",
    component: page(() => import("./CompanySettings"), "CompanySettings"),
  });

  const brandingSettings = createRoute({
    getParentRoute: () => settings,
    path: "/branding",
    component: page(() => import("./BrandingSettings"), "BrandingSettings"),
  });

  const teamSettings = createRoute({
    getParentRoute: () => settings,
    path: "/team",
    component: page(() => import("./TeamSettings"), "TeamSettings"),
  });

  const depositSettings = createRoute({
    getParentRoute: () => settings,
    path: "/deposits",
    component: page(() => import("./DepositSettings"), "DepositSettings"),
  });

  const lawSettings = createRoute({
    getParentRoute: () => settings,
    path: "/law",
    validateSearch: (search: Record<string, unknown>): { state?: Text } => ({ state: textOf(search["state"]) }),
    component: page(() => import("./LawSettings"), "LawSettings"),
  });

  const textSettings = createRoute({
    getParentRoute: () => settings,
    path: "/texts",
    component: page(() => import("./TextSettings"), "TextSettings"),
  });

  const files = createRoute({
    getParentRoute: () => settings,
    path: "/files",
    validateSearch: (search: Record<string, unknown>): FileFilter & { file?: number | undefined } => ({
      kind: FILE_KINDS.find((kind) => kind === search["kind"]),
      q: textOf(search["q"]),
      unused: search["unused"] ? true : undefined,
      file: Number(search["file"]) || undefined,
    }),
    component: page(() => import("../files/Files"), "Files"),
  });

  const mailSettings = createRoute({
    getParentRoute: () => settings,
    path: "/mail",
    component: page(() => import("./MailPage"), "MailPage"),
  });

  const apiKeySettings = createRoute({
    getParentRoute: () => settings,
    path: "/api-keys",
    component: page(() => import("./ApiKeySettings"), "ApiKeySettings"),
  });

  const webhooks = createRoute({
    getParentRoute: () => settings,
    path: "/webhooks",
    validateSearch: validateDeliveries,
    component: page(() => import("../webhooks/Webhooks"), "Webhooks"),
  });

  const webhook = createRoute({
    getParentRoute: () => settings,
    path: "/webhooks/$id",
    validateSearch: validateDeliveries,
    component: page(() => import("../webhooks/EndpointPage"), "EndpointPage"),
  });

  const webhookDelivery = createRoute({
    getParentRoute: () => settings,
    path: "/webhooks/deliveries/$id",
    component: page(() => import("../webhooks/DeliveryPage"), "DeliveryPage"),
  });

  return settings.addChildren([
    settingsIndex,
    companySettings,
    brandingSettings,
    teamSettings,
    depositSettings,
    lawSettings,
    textSettings,
    files,
    mailSettings,
    apiKeySettings,
    webhooks,
    webhook,
    webhookDelivery,
  ]);
}
