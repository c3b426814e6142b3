/** `n` starts something new on the pages that make things. */

import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { isTyping } from "./Shortcuts";

/** While the page is shown and `on`, pressing `n` goes to `to`, or runs it. */
export function useNewKey(to: string | (() => void), on: boolean): void {
  const navigate = useNavigate();
  useEffect(() => {
    if (!on) return;
    const press = (event: KeyboardEvent) => {
      if (event.key !== "n" || isTyping(event)) return;
      event.preventDefault();
      if (typeof to === "string") void navigate({ to });
      else to();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [to, on, navigate]);
}
