/** What happened with one customer: money, payments and books, mail, messages, files, and everything in order. */

import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { formatMoney } from "../../words/money";
import { activityQuery } from "../data/books";
import { customerHistoryQuery } from "../data/figures";
import { useListing } from "../data/pages";
import { useMay } from "../data/session";
import { Failed } from "./Failed";
import { Ago, Money, State } from "./Money";
import { Block, Facts } from "./Page";
import { Timeline } from "./Timeline";

const MESSAGE_WORDS: Record<string, string> = { question: "Asked", changes: "Asked for changes", answer: "We answered" };

export function CustomerHistoryBlocks({ id }: { id: number }) {
  const may = useMay();
  const { data, error, refetch } = useQuery(customerHistoryQuery(id));
  const activity = useListing(activityQuery({ customer_id: id, brief: true }));
  if (error && !data) return <Failed problem={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton h={240} aria-busy="true" />;
  const { money } = data;
  return (
    <>
      {may("payments:read") && (
        <Block title="Money">
          <div className="facts-row">
            <Facts
              facts={[
                ["Agreed", <Money key="agreed" minor={money.agreed_minor} currency={money.currency} />],
                ["Paid", <Money key="paid" minor={money.paid_minor} currency={money.currency} />],
                ["Given back", <Money key="back" minor={money.refunded_minor} currency={money.currency} />],
                ["In the books", <Money key="books" minor={money.booked_minor} currency={money.currency} />],
              ]}
            />
          </div>
          <ul className="plain-list">
            {data.payments.map((payment) => (
              <li key={payment.id}>
                <Link to="/payments/$id" params={{ id: String(payment.id) }}>
                  {payment.name}, {formatMoney(payment.amount_minor, payment.currency)}
                </Link>
                <span>
                  <State kind="payment" state={payment.state} />{" "}
                  {payment.books_state !== "none" && <State kind="books" state={payment.books_state} />}
                </span>
              </li>
            ))}
          </ul>
        </Block>
      )}
      {data.messages.length > 0 && (
        <Block title="Messages">
          <ul className="plain-list">
            {data.messages.map((message) => (
              <li key={message.id}>
                <span>
                  <Link to="/proposals/$id" params={{ id: String(message.proposal_id) }}>
                    {MESSAGE_WORDS[message.kind] ?? message.kind}
                  </Link>
                  : {message.text}
                </span>
                <small className="quiet">
                  <Ago at={message.created_at} />
                </small>
              </li>
            ))}
          </ul>
        </Block>
      )}
      {data.mails.length > 0 && (
        <Block title="Mail">
          <ul className="plain-list">
            {data.mails.map((mail) => (
              <li key={mail.id}>
                <Link to="/mail/$id" params={{ id: String(mail.id) }}>
                  {mail.subject}
                </Link>
                <span>
                  <State kind="mail" state={mail.state} />{" "}
                  <small className="quiet">
                    <Ago at={mail.created_at} />
                  </small>
                </span>
              </li>
            ))}
          </ul>
        </Block>
      )}
      {data.files.length > 0 && (
        <Block title="Files">
          <ul className="plain-list">
            {data.files.map((file) => (
              <li key={file.id}>
                <Link to="/settings/files" search={{ file: file.id }}>
                  {file.name}
                </Link>
                <small className="quiet">
                  <Ago at={file.created_at} />
                </small>
              </li>
            ))}
          </ul>
        </Block>
      )}
      <Block title="Everything that happened">
        {activity.problem ? <Failed problem={activity.problem} onRetry={activity.retry} /> : <Timeline items={activity.items} />}
        {activity.more && (
          <Button variant="default" size="xs" mt="sm" onClick={activity.more} loading={activity.loadingMore}>
            Show more
          </Button>
        )}
      </Block>
    </>
  );
}
