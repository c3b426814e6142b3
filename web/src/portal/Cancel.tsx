/** Cancelling within the days that the law gives: said plainly, with what comes back, confirmed once. */

import { useState } from "react";
import type { Problem } from "../api/problem";
import { isAhead } from "../words/dates";
import { cancelContract } from "./calls";
import { keptOf } from "./Schedule";
import { asProblem } from "./useProposal";
import type { PortalView } from "./view";
import { Wrong } from "./Wrong";
import { useWords } from "./words";

const REASON_MAX = 1000;

type CancelProps = { view: PortalView; onCancelled: (view: PortalView) => void };

export function Cancel({ view, onCancelled }: CancelProps) {
  const { t, money, until } = useWords();
  // Null until it was opened once: only who comes back from the form finds the focus on its button again.
  const [open, setOpen] = useState<boolean | null>(null);
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  if (view.status !== "approved" || !view.cancel_until || !isAhead(view.cancel_until)) return null;

  const back = view.payments.reduce((sum, payment) => sum + keptOf(payment), 0);
  const amount = money(back, view.currency);
  const under = view.payments.some((payment) => payment.state === "processing");
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      onCancelled(await cancelContract(view.id, reason.trim()));
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };

  if (!open) {
    return (
      <p className="cancel">
        <button
          type="button"
          className="link"
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the button that had the focus is gone with its form
          autoFocus={open === false}
          onClick={() => setOpen(true)}
        >
          {t.cancelContract}
        </button>
      </p>
    );
  }
  return (
    <section className="card" aria-labelledby="cancel-title">
      <h2 id="cancel-title">{t.cancelTitle}</h2>
      <form className="stack" onSubmit={submit}>
        <p>{t.cancelLead(view.contractor.name, until(view.cancel_until))}</p>
        {back > 0 && <p>{t.cancelBack(amount)}</p>}
        {under && <p>{t.cancelUnderWay}</p>}
        <label className="field">
          <span>{t.reason}</span>
          <textarea
            rows={3}
            maxLength={REASON_MAX}
            value={reason}
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- it was just asked for with a button
            autoFocus
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        <Wrong problem={problem} />
        <div className="buttons">
          <button type="submit" className="danger" disabled={busy}>
            {busy ? t.cancelling : back > 0 ? t.cancelAndReturn(amount) : t.cancelConfirm}
          </button>
          <button type="button" className="secondary" onClick={() => setOpen(false)}>
            {t.keepContract}
          </button>
        </div>
      </form>
    </section>
  );
}
