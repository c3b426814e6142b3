/** The card that answers "what do I do now?": price, then pay, then where the money is, then the receipt. */

import { Card, Row, Steps } from "./Card";
import { Paid } from "./Paid";
import { Pay, Simulate } from "./Pay";
import type { ProposalState } from "./useProposal";
import type { Choice } from "./useChoice";
import type { PortalView } from "./view";
import { useWords } from "./words";

type NowProps = { view: PortalView; proposal: ProposalState; choice: Choice };

export function Now({ view, proposal, choice }: NowProps) {
  const { t, money } = useWords();
  const { contractor, payment } = view;
  const { stage } = proposal;
  switch (stage) {
    case "sign":
      return <Offer view={view} choice={choice} />;
    case "pay":
    case "failed":
      return <Pay key={view.payment.id} view={view} proposal={proposal} />;
    case "simulate":
      return <Simulate view={view} proposal={proposal} />;
    case "confirming":
      return (
        <Card stage={stage} tone="blue" title={t.confirmingTitle} busy>
          <p>{proposal.late ? t.confirmingLong(contractor.name) : t.confirmingLead}</p>
          {proposal.late && (
            <button type="button" className="secondary" onClick={() => void proposal.reload()}>
              {t.checkAgain}
            </button>
          )}
        </Card>
      );
    case "processing":
      return (
        <Card stage={stage} tone="blue" title={t.processingTitle}>
          <p>{t.processingLead(money(payment.amount_minor, payment.currency))}</p>
          {payment.simulated && <p className="pill amber">{t.simulatedMark}</p>}
        </Card>
      );
    case "paid":
      return <Paid view={view} />;
    case "signed":
      return (
        <Card stage={stage} tone="green" title={t.signedTitle}>
          <p>{t.signedLead(contractor.name)}</p>
        </Card>
      );
    case "cancelled":
      return (
        <Card stage={stage} tone="neutral" title={t.cancelledTitle}>
          <p>{t.cancelledLead(contractor.name)}</p>
        </Card>
      );
    case "declined":
      return (
        <Card stage={stage} tone="neutral" title={t.declinedTitle}>
          <p>{t.declinedLead(contractor.name)}</p>
        </Card>
      );
    case "expired":
      return (
        <Card stage={stage} tone="amber" title={t.expiredTitle}>
          <p>{t.expiredLead(contractor.name)}</p>
        </Card>
      );
    case "superseded":
      return (
        <Card stage={stage} tone="amber" title={t.supersededTitle}>
          <p>{t.supersededLead(contractor.name)}</p>
        </Card>
      );
    case "closed":
      return (
        <Card stage={stage} tone="neutral" title={t.closedTitle}>
          <p>{t.closedLead(contractor.name)}</p>
        </Card>
      );
  }
}

function Offer({ view, choice }: { view: PortalView; choice: Choice }) {
  const { t, money } = useWords();
  const { price, optionId, pending } = choice;
  const option = view.options.find((each) => each.id === optionId);
  return (
    <section className="card offer" aria-labelledby="offer">
      <Steps at={0} />
      <h2 id="offer" className="label" tabIndex={-1}>
        {option ? t.totalFor(option.name) : t.total}
      </h2>
      <p className="figure" aria-live="polite" aria-busy={pending}>
        {money(price.total_minor, view.currency)}
      </p>
      <dl className="sum">
        <Row name={t.depositToStart} value={money(price.deposit_minor, view.currency)} strong />
        {price.total_minor > price.deposit_minor && (
          <Row name={t.dueLater} value={money(price.total_minor - price.deposit_minor, view.currency)} />
        )}
      </dl>
      <a className="primary wide not-on-phone" href="#sign">
        {t.reviewAndSign}
      </a>
    </section>
  );
}
