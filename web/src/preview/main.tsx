/** Starts the frame that shows the customer's page of a draft. */

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../look/typeface.css";
import "../portal/portal.css";
import "./preview.css";
import { Preview } from "./Preview";

const root = document.querySelector("#root");
if (!root) throw new Error("preview.html has no #root");
createRoot(root).render(
  <StrictMode>
    <Preview />
  </StrictMode>,
);
