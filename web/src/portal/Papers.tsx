/** The papers to keep: the offer or the signed contract, and a receipt for each payment, as PDF. */

import type { PortalView } from "./view";
import { useWords } from "./words";

export function Papers({ view }: { view: PortalView }) {
  const { t, part } = useWords();
  const signed = view.signer_name !== null;
  const paid = view.payments.filter((payment) => payment.id !== null && payment.state === "paid");
  return (
    <section className="card" aria-labelledby="papers">
      <h2 id="papers">{t.papers}</h2>
      <ul className="papers">
        <Paper address={`/portal/${view.id}/${signed ? "signed" : "proposal"}.pdf`} name={signed ? t.signedPaper : t.offerPaper} />
        {paid.map((payment) => (
          <Paper
            key={payment.key}
            address={`/portal/${view.id}/payments/${payment.id}/receipt.pdf`}
            name={t.receiptOf(part(payment))}
          />
        ))}
      </ul>
    </section>
  );
}

function Paper({ address, name }: { address: string; name: string }) {
  return (
    <li>
      <a className="paper" href={address} target="_blank" rel="noreferrer">
        {name}
      </a>
      <span className="quiet small">PDF</span>
    </li>
  );
}
