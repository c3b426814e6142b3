/** Starts the office's console. */

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@mantine/core/styles.css";
import "../look/typeface.css";
import "./console.css";
import "./office.css";
import { Problem } from "../api/problem";
import { answered, setReach, unanswered } from "./data/reach";
import { meQuery } from "./data/session";
import { Look } from "./Look";
import { makeRouter } from "./router";

const RETRIES_MAX = 2;

/** The session ended while somebody worked: they sign in again over the page, and keep what they typed. */
function onProblem(error: Error): void {
  // Before anybody is known there is nothing to keep; the router then sends to the sign-in page.
  const working = queries.getQueryData(meQuery.queryKey) !== undefined;
  if (working && error instanceof Problem && error.status === 401) setReach({ state: "signed-out" });
}

function onReadProblem(error: Error): void {
  onProblem(error);
  unanswered(error);
}

const queries = new QueryClient({
  queryCache: new QueryCache({ onError: onReadProblem, onSuccess: answered }),
  mutationCache: new MutationCache({ onError: onProblem }),
  defaultOptions: {
    // Asked even when the browser believes to be offline: the server may stand in the same room, and a button
    // that waits for the network in silence tells nobody anything.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      refetchOnReconnect: true,
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
