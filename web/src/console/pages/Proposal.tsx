/** One proposal: what was offered, what became of it, its money, its place in the books, and its whole story. */

import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { formatDay } from "../../words/dates";
import { ChangeOrders } from "../contract/ChangeOrders";
import { JobDone } from "../contract/JobDone";
import { MoneyBack } from "../contract/MoneyBack";
import { PaymentPlan } from "../contract/PaymentPlan";
import { historyQuery, type Proposal as ProposalData, proposalQuery } from "../data/proposals";
import { CustomerMessages } from "../parts/CustomerMessages";
import { Failed } from "../parts/Failed";
import { Ago, Money, State } from "../parts/Money";
import { Block, Facts, Page } from "../parts/Page";
import { Findings } from "../parts/Findings";
import { ProposalActions } from "../parts/ProposalActions";
import { ProposalLines } from "../parts/ProposalLines";
import { ProposalMoney } from "../parts/ProposalMoney";
import { Versions } from "../parts/Versions";
import { Timeline } from "../parts/Timeline";
import { RecordBones } from "../parts/RecordBones";

const PARENT = { to: "/proposals", label: "Proposals" };

export function Proposal() {
  const id = Number(useParams({ from: "/office/proposals/$id" }).id);
  const { data, error, refetch } = useQuery(proposalQuery(id));
  const history = useQuery(historyQuery(id));

  if (!data) {
    return (
      <Page title={`Proposal ${id}`} parent={PARENT}>
        {error ? <Failed problem={error} onRetry={() => void refetch()} /> : <RecordBones />}
      </Page>
    );
  }
  return (
    <Page
      title={data.title}
      parent={PARENT}
      beside={<State kind="proposal" state={data.status} />}
      actions={<ProposalActions proposal={data} />}
    >
      <div className="record">
        <div>
          <ProposalLines proposal={data} />
          {data.terms && (
            <Block title="Terms">
              <div className="terms">{data.terms}</div>
            </Block>
          )}
          <ChangeOrders proposal={data} />
          <CustomerMessages proposalId={data.id} />
          <Block title="What happened">
            {history.error && !history.data ? (
              <Failed problem={history.error} onRetry={() => void history.refetch()} />
            ) : (
              <Timeline items={history.data} />
            )}
          </Block>
        </div>
        <div>
          <ProposalMoney proposal={data} />
          <PaymentPlan proposal={data} />
          <JobDone proposal={data} />
          {data.approval && <MoneyBack proposalId={data.id} />}
          {data.status === "draft" && <Findings findings={data.findings} />}
          <Planned proposal={data} />
          <Versions proposal={data} />
          <Offer proposal={data} />
          <Approval proposal={data} />
        </div>
      </div>
    </Page>
  );
}

/** The schedule as it is offered; once it is approved the payments themselves are shown. */
function Planned({ proposal }: { proposal: ProposalData }) {
  if (proposal.approval || proposal.schedule.length < 2) return null;
  const facts = proposal.schedule.map(({ key, name, amount_minor }): [string, React.ReactNode] => [
    name,
    <Money key={key} minor={amount_minor} currency={proposal.currency} />,
  ]);
  return (
    <Block title="Paid in parts">
      <Facts facts={facts} />
    </Block>
  );
}

function Offer({ proposal }: { proposal: ProposalData }) {
  const { customer } = proposal;
  const facts: [string, React.ReactNode][] = [
    ["Number", proposal.version > 1 ? `${proposal.number}, version ${proposal.version}` : proposal.number],
    [
      "Customer",
      <Link key="customer" to="/customers/$id" params={{ id: String(customer.id) }}>
        {customer.name}
      </Link>,
    ],
    ["Total", <Money key="total" minor={proposal.total_minor} currency={proposal.currency} />],
    ["Language", proposal.language === "es" ? "Spanish" : "English"],
    ["Valid until", proposal.valid_until ? formatDay(proposal.valid_until) : "No end date"],
    ["Sent", proposal.sent_at ? <Ago key="sent" at={proposal.sent_at} /> : "Not yet"],
    ["First viewed", proposal.viewed_at ? <Ago key="viewed" at={proposal.viewed_at} /> : "Not yet"],
  ];
  if (proposal.cancelled_at) facts.push(["Cancelled", <Ago key="cancelled" at={proposal.cancelled_at} />]);
  if (proposal.cancel_reason) facts.push(["Reason for cancelling", proposal.cancel_reason]);
  if (proposal.decline_reason) facts.push(["Reason for declining", proposal.decline_reason]);
  if (proposal.superseded_by) {
    facts.push([
      "Replaced by",
      <Link key="next" to="/proposals/$id" params={{ id: String(proposal.superseded_by) }}>
        Proposal {proposal.superseded_by}
      </Link>,
    ]);
  }
  return (
    <Block title="Offer">
      <Facts facts={facts} />
    </Block>
  );
}

function Approval({ proposal }: { proposal: ProposalData }) {
  const { approval } = proposal;
  if (!approval) return null;
  const option = proposal.options.find((each) => each.id === approval.option_id);
  const facts: [string, React.ReactNode][] = [
    ["Signed by", approval.signer_name],
    ["When", <Ago key="when" at={approval.approved_at} />],
    ["From", approval.ip ?? "unknown"],
    ["Browser", <span key="browser" className="small-print">{approval.user_agent ?? "unknown"}</span>],
    ["Document", <code key="hash">{approval.content_hash}</code>],
  ];
  if (option) facts.splice(1, 0, ["Chose", option.name]);
  return (
    <Block title="Approval">
      <Facts facts={facts} />
    </Block>
  );
}
