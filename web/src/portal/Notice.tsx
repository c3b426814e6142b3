/** The right to cancel: the statement that belongs beside the signature, and the form that comes with the contract. */

import type { PortalView } from "./view";
import { useWords } from "./words";

export function Notice({ view }: { view: PortalView }) {
  const { t, until } = useWords();
  const { cancellation } = view;
  if (!cancellation) return null;
  return (
    <section className="card notice-card" aria-labelledby="cancellation">
      <h2 id="cancellation">{t.rightToCancel}</h2>
      {view.cancel_until && view.status === "approved" && <p>{t.cancelUntil(until(view.cancel_until))}</p>}
      <p className="statement" lang={view.language}>
        {cancellation.statement}
      </p>
      <details>
        <summary>{t.cancellationForm}</summary>
        <p className="terms" lang={view.language}>
          {cancellation.form}
        </p>
      </details>
    </section>
  );
}
