/** Compares some days now, and shows the run; a second press is the same run. */

import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { startRun } from "../data/reconciliation";
import { useAct } from "./act";

export function useCompare({ from_day, to_day }: { from_day: string; to_day: string }) {
  const navigate = useNavigate();
  const [key, setKey] = useState(idempotencyKey);
  return useAct(() => startRun(key, { from_day, to_day }), {
    refresh: ["reconciliations"],
    onDone: (run) => {
      setKey(idempotencyKey());
      void navigate({ to: "/books/reconciliation", search: { from: from_day, to: to_day, run: run.id } });
    },
  });
}
