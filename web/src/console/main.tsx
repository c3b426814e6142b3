/** Starts the office's console. */

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@mantine/core/styles.css";
import "../look/typeface.css";
import "./console.css";
import { Problem } from "../api/problem";
import { Look } from "./Look";
import { makeRouter } from "./router";

const RETRIES_MAX = 2;

/** The session ended (or somebody was deactivated): ask to sign in, and come back here afterwards. */
function onProblem(error: Error): void {
  if (!(error instanceof Problem) || error.status !== 401 || window.location.pathname === "/login") return;
  queries.clear();
  void router.navigate({ to: "/login", search: { next: window.location.pathname + window.location.search } });
}

const queries = new QueryClient({
  queryCache: new QueryCache({ onError: onProblem }),
  mutationCache: new MutationCache({ onError: onProblem }),
  defaultOptions: {
    queries: {
      // Only a lost connection or an overloaded server gets better by itself.
      retry: (count, error) =>
        count < RETRIES_MAX && error instanceof Problem && (error.status === 0 || error.status >= 500),
      staleTime: 2_000,
    },
  },
});
const router = makeRouter(queries);

const root = document.querySelector("#root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Look>
        <RouterProvider router={router} />
      </Look>
    </QueryClientProvider>
  </StrictMode>,
);
