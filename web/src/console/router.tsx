/** Every address of the console, and the page behind it. */

import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  Outlet,
  parseSearchWith,
  redirect,
  stringifySearchWith,
} from "@tanstack/react-router";
import { Problem } from "../api/problem";
import type { EventName } from "./data/books";
import type { ReconciliationSearch } from "./data/reconciliation";
import { DIFFERENCE_SOURCES, DIFFERENCE_STATES, type DifferenceFilter } from "./data/differences";
import { EVENTS } from "./data/events";
import { IMPORT_KINDS, type ImportKind } from "./data/imports";
import { MAIL_STATES, type MailState } from "./data/mail";
import { REVIEW_STATES, type ReviewState } from "./data/review";
import { meQuery } from "./data/session";
import { type LogFilter, OUTCOMES } from "./data/syncLog";
import { page, readAheadSoon, type Text, textOf } from "./lazyPage";
import { NotFoundPage, PageFailed } from "./parts/Failed";
import { settingsUnder } from "./settings/routes";
import { Shell } from "./Shell";

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ component: Outlet });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search: Record<string, unknown>): { next?: Text } => ({ next: textOf(search["next"]) }),
  component: page(() => import("./pages/Login"), "Login"),
});

/** Everything that needs somebody signed in. */
export const office = createRoute({
  getParentRoute: () => root,
  id: "office",
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queries.ensureQueryData(meQuery);
      readAheadSoon();
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      const next = location.href === "/" ? undefined : location.href;
      throw redirect({ to: "/login", search: { next } });
    }
  },
  component: Shell,
});

const home = createRoute({
  getParentRoute: () => office,
  path: "/",
  component: page(() => import("./pages/Home"), "Home"),
});

const proposals = createRoute({
  getParentRoute: () => office,
  path: "/proposals",
  validateSearch: (search: Record<string, unknown>): { status?: Text; q?: Text } => ({
    status: textOf(search["status"]),
    q: textOf(search["q"]),
  }),
  component: page(() => import("./pages/Proposals"), "Proposals"),
});

const newProposal = createRoute({
  getParentRoute: () => office,
  path: "/proposals/new",
  validateSearch: (
    search: Record<string, unknown>,
  ): { customer?: number | undefined; draft?: number | undefined } => ({
    customer: Number(search["customer"]) || undefined,
    draft: Number(search["draft"]) || undefined,
  }),
  component: page(() => import("./pages/NewProposal"), "NewProposal"),
});

const fromTemplate = createRoute({
  getParentRoute: () => office,
  path: "/proposals/from-template",
  validateSearch: (
    search: Record<string, unknown>,
  ): { template?: number | undefined; customer?: number | undefined } => ({
    template: Number(search["template"]) || undefined,
    customer: Number(search["customer"]) || undefined,
  }),
  component: page(() => import("./reusable/FromTemplate"), "FromTemplate"),
});

const templates = createRoute({
  getParentRoute: () => office,
  path: "/proposals/templates",
  validateSearch: (search: Record<string, unknown>): { q?: Text } => ({ q: textOf(search["q"]) }),
  component: page(() => import("./reusable/Templates"), "Templates"),
});

const newTemplate = createRoute({
  getParentRoute: () => office,
  path: "/proposals/templates/new",
  component: page(() => import("./reusable/TemplatePage"), "NewTemplate"),
});

const template = createRoute({
  getParentRoute: () => office,
  path: "/proposals/templates/$id",
  component: page(() => import("./reusable/TemplatePage"), "TemplatePage"),
});

const templateHistory = createRoute({
  getParentRoute: () => office,
  path: "/proposals/templates/$id/history",
  component: page(() => import("./reusable/TemplateHistory"), "TemplateHistory"),
});

const priceBook = createRoute({
  getParentRoute: () => office,
  path: "/proposals/price-book",
  validateSearch: (search: Record<string, unknown>): { q?: Text; show?: Text; item?: Text } => ({
    q: textOf(search["q"]),
    show: textOf(search["show"]),
    item: textOf(search["item"]),
  }),
  component: page(() => import("./reusable/PriceBook"), "PriceBook"),
});

const proposal = createRoute({
  getParentRoute: () => office,
  path: "/proposals/$id",
  component: page(() => import("./pages/Proposal"), "Proposal"),
});

const editProposal = createRoute({
  getParentRoute: () => office,
  path: "/proposals/$id/edit",
  component: page(() => import("./pages/EditProposal"), "EditProposal"),
});

const newChangeOrder = createRoute({
  getParentRoute: () => office,
  path: "/proposals/$id/change-orders/new",
  validateSearch: (search: Record<string, unknown>): { from?: number | undefined } => ({
    from: Number(search["from"]) || undefined,
  }),
  component: page(() => import("./contract/ChangePages"), "NewChangeOrder"),
});

const changeOrder = createRoute({
  getParentRoute: () => office,
  path: "/proposals/$id/change-orders/$order",
  validateSearch: (search: Record<string, unknown>): { send?: boolean | undefined } => ({
    send: search["send"] ? true : undefined,
  }),
  component: page(() => import("./contract/ChangePages"), "ChangeOrderPage"),
});

const customers = createRoute({
  getParentRoute: () => office,
  path: "/customers",
  validateSearch: (search: Record<string, unknown>): { q?: Text } => ({ q: textOf(search["q"]) }),
  component: page(() => import("./pages/Customers"), "Customers"),
});

const customer = createRoute({
  getParentRoute: () => office,
  path: "/customers/$id",
  component: page(() => import("./pages/Customer"), "Customer"),
});

const leads = createRoute({
  getParentRoute: () => office,
  path: "/leads",
  validateSearch: (search: Record<string, unknown>): { status?: Text; q?: Text; view?: "board" | undefined } => ({
    status: textOf(search["status"]),
    q: textOf(search["q"]),
    view: search["view"] === "board" ? "board" : undefined,
  }),
  component: page(() => import("./pages/Leads"), "Leads"),
});

const leadForm = createRoute({
  getParentRoute: () => office,
  path: "/leads/form",
  component: page(() => import("./pages/LeadFormPage"), "LeadFormPage"),
});

const lead = createRoute({
  getParentRoute: () => office,
  path: "/leads/$id",
  component: page(() => import("./pages/Lead"), "Lead"),
});

export const PAYMENTS_TABS = ["payments", "refunds", "payouts"] as const;
export type PaymentsTab = (typeof PAYMENTS_TABS)[number];

const payments = createRoute({
  getParentRoute: () => office,
  path: "/payments",
  validateSearch: (search: Record<string, unknown>): { tab?: PaymentsTab | undefined } => ({
    tab: PAYMENTS_TABS.find((tab) => tab === search["tab"]),
  }),
  component: page(() => import("./pages/Payments"), "Payments"),
});

const payment = createRoute({
  getParentRoute: () => office,
  path: "/payments/$id",
  component: page(() => import("./pages/Payment"), "Payment"),
});

const payout = createRoute({
  getParentRoute: () => office,
  path: "/payments/payouts/$id",
  component: page(() => import("./pages/PayoutPage"), "PayoutPage"),
});

/** The frame of the books; each of its pages is a route below, and an entry of parts/BooksNav.tsx. */
const books = createRoute({
  getParentRoute: () => office,
  path: "/books",
  component: page(() => import("./pages/Books"), "Books"),
});

/** The tabs of before, whose addresses live on in bookmarks and mail. */
const BOOKS_TABS = ["needs-you", "waiting", "posted", "differences", "log"] as const;

const booksOverview = createRoute({
  getParentRoute: () => books,
  path: "/",
  validateSearch: (
    search: Record<string, unknown>,
  ): { tab?: (typeof BOOKS_TABS)[number] | undefined; connected?: Text; detail?: Text } => ({
    tab: BOOKS_TABS.find((tab) => tab === search["tab"]),
    connected: search["connected"] ? "1" : undefined,
    detail: textOf(search["detail"]) ?? textOf(search["error"]),
  }),
  beforeLoad: ({ search }) => {
    if (search.tab) throw redirect({ to: `/books/${search.tab}`, replace: true });
  },
  component: page(() => import("./pages/BooksOverview"), "BooksOverview"),
});

const booksNeedsYou = createRoute({
  getParentRoute: () => books,
  path: "/needs-you",
  component: page(() => import("./pages/BooksPostings"), "BooksNeedsYou"),
});

const booksWaiting = createRoute({
  getParentRoute: () => books,
  path: "/waiting",
  component: page(() => import("./pages/BooksPostings"), "BooksWaiting"),
});

const booksPosted = createRoute({
  getParentRoute: () => books,
  path: "/posted",
  component: page(() => import("./pages/BooksPostings"), "BooksPosted"),
});

const booksSkipped = createRoute({
  getParentRoute: () => books,
  path: "/left-out",
  component: page(() => import("./pages/BooksPostings"), "BooksSkipped"),
});

const booksDifferences = createRoute({
  getParentRoute: () => books,
  path: "/differences",
  validateSearch: (search: Record<string, unknown>): DifferenceFilter => ({
    state: DIFFERENCE_STATES.find((state) => state === search["state"]),
    source: DIFFERENCE_SOURCES.find((source) => source === search["source"]),
  }),
  component: page(() => import("./pages/BooksDifferences"), "BooksDifferences"),
});

const booksReview = createRoute({
  getParentRoute: () => books,
  path: "/review",
  validateSearch: (search: Record<string, unknown>): { state?: ReviewState | undefined } => ({
    state: REVIEW_STATES.find((state) => state === search["state"]),
  }),
  component: page(() => import("./pages/BooksReview"), "BooksReview"),
});

const booksDifference = createRoute({
  getParentRoute: () => books,
  path: "/differences/$id",
  component: page(() => import("./pages/BooksDifference"), "BooksDifference"),
});

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const dayOf = (value: unknown): Text => (typeof value === "string" && DAY.test(value) ? value : undefined);

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

const booksReconciliation = createRoute({
  getParentRoute: () => books,
  path: "/reconciliation",
  validateSearch: (search: Record<string, unknown>): ReconciliationSearch => ({
    month: typeof search["month"] === "string" && MONTH.test(search["month"]) ? search["month"] : undefined,
    from: dayOf(search["from"]),
    to: dayOf(search["to"]),
    run: Number(search["run"]) || undefined,
  }),
  component: page(() => import("./pages/BooksReconciliation"), "BooksReconciliation"),
});

const booksLog = createRoute({
  getParentRoute: () => books,
  path: "/log",
  validateSearch: (search: Record<string, unknown>): LogFilter => ({
    outcome: OUTCOMES.find((outcome) => outcome === search["outcome"]),
    operation: textOf(search["operation"]),
    code: textOf(search["code"]),
    subject: textOf(search["subject"]),
    metered: search["metered"] === "yes" || search["metered"] === "no" ? search["metered"] : undefined,
    since: dayOf(search["since"]),
    until: dayOf(search["until"]),
    q: textOf(search["q"]),
  }),
  component: page(() => import("./pages/BooksLog"), "BooksLog"),
});

const booksMapping = createRoute({
  getParentRoute: () => books,
  path: "/mapping",
  component: page(() => import("./pages/BooksMapping"), "BooksMapping"),
});

const booksDoctor = createRoute({
  getParentRoute: () => books,
  path: "/doctor",
  component: page(() => import("./pages/BooksDoctor"), "BooksDoctor"),
});

const booksBackfill = createRoute({
  getParentRoute: () => books,
  path: "/backfill",
  component: page(() => import("./pages/BooksBackfill"), "BooksBackfill"),
});

const booksQuota = createRoute({
  getParentRoute: () => books,
  path: "/quota",
  component: page(() => import("./pages/BooksQuota"), "BooksQuota"),
});

const booksCall = createRoute({
  getParentRoute: () => books,
  path: "/log/$id",
  component: page(() => import("./pages/BooksCall"), "BooksCall"),
});

export const MAIL_TABS = ["outbox", "texts"] as const;
export type MailTab = (typeof MAIL_TABS)[number];

const mail = createRoute({
  getParentRoute: () => office,
  path: "/mail",
  validateSearch: (search: Record<string, unknown>): { tab?: MailTab | undefined; state?: MailState | undefined; q?: Text } => ({
    tab: MAIL_TABS.find((tab) => tab === search["tab"]),
    state: MAIL_STATES.find((state) => state === search["state"]),
    q: textOf(search["q"]),
  }),
  component: page(() => import("./pages/Mail"), "Mail"),
});

const mailMessage = createRoute({
  getParentRoute: () => office,
  path: "/mail/$id",
  component: page(() => import("./pages/MailMessage"), "MailMessage"),
});

const importing = createRoute({
  getParentRoute: () => office,
  path: "/import",
  validateSearch: (search: Record<string, unknown>): { kind: ImportKind; id?: number | undefined } => ({
    kind: IMPORT_KINDS.find(({ value }) => value === search["kind"])?.value ?? "customers",
    id: Number(search["id"]) || undefined,
  }),
  component: page(() => import("./pages/Import"), "Import"),
});

const activity = createRoute({
  getParentRoute: () => office,
  path: "/activity",
  validateSearch: (search: Record<string, unknown>): { event?: EventName | undefined; proposal?: number | undefined; q?: Text } => ({
    event: EVENTS.find(({ value }) => value === search["event"])?.value,
    proposal: Number(search["proposal"]) || undefined,
    q: textOf(search["q"]),
  }),
  component: page(() => import("./pages/ActivityPage"), "ActivityPage"),
});

const tree = root.addChildren([
  login,
  office.addChildren([
    home,
    proposals,
    newProposal,
    fromTemplate,
    templates,
    newTemplate,
    template,
    templateHistory,
    priceBook,
    proposal,
    editProposal,
    newChangeOrder,
    changeOrder,
    customers,
    customer,
    leads,
    leadForm,
    lead,
    payments,
    payment,
    payout,
    books.addChildren([
      booksOverview,
      booksNeedsYou,
      booksWaiting,
      booksPosted,
      booksSkipped,
      booksDifferences,
      booksDifference,
      booksReview,
      booksMapping,
      booksReconciliation,
      booksLog,
      booksCall,
      booksBackfill,
    booksQuota,
      booksDoctor,
    ]),
    mail,
    mailMessage,
    importing,
    activity,
    settingsUnder(office),
  ]),
]);

export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: "intent",
    scrollRestoration: true,
    // Plain words in the address: a search for 7 stays `?q=7`, not JSON.
    parseSearch: parseSearchWith((value) => value),
    stringifySearch: stringifySearchWith(String),
    defaultErrorComponent: ({ error }) => <PageFailed problem={error as Error} />,
    defaultNotFoundComponent: NotFoundPage,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
