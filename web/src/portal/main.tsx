/** Starts the homeowner's portal: one page for one proposal. */

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../look/typeface.css";
import "./portal.css";
import { App } from "./App";

const root = document.querySelector("#root");
if (!root) throw new Error("portal.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
