/** What needs a person now: each with its sentence and its button. */

import { Button } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { formatMoney } from "../../words/money";
import { CONNECT_QUICKBOOKS, type NeedsYou, retryPosting } from "../data/books";
import { useMay } from "../data/session";
import { act, differenceWord } from "./words";
import { Failed } from "./Failed";
import { useAct } from "./act";

export function NeedsYouList({ items }: { items: NeedsYou[] }) {
  return (
    <ul className="needs">
      {items.map((item) => (
        <Need key={`${item.kind}-${item.id}`} item={item} />
      ))}
    </ul>
  );
}

function Need({ item }: { item: NeedsYou }) {
  const may = useMay();
  const navigate = useNavigate();
  const retry = useAct((id: number) => retryPosting(id));
  const run = () => {
    if (item.action === "retry") retry.mutate(Number(item.id));
    else if (item.action === "open_mail") void navigate({ to: "/mail/$id", params: { id: String(item.id) } });
    else if (item.action === "reconnect") window.location.assign(CONNECT_QUICKBOOKS);
    else if (item.action === "review") void navigate({ to: "/books/review" });
    else void navigate({ to: "/books/differences/$id", params: { id: String(item.id) } });
  };
  return (
    <li>
      <div className="need-words">
        <strong>{titleOf(item)}</strong>
        {typeof item.amount_minor === "number" && item.currency && (
          <span className="money"> {formatMoney(item.amount_minor, item.currency)}</span>
        )}
        <p>{item.sentence}</p>
        {item.proposal_id && (
          <Link to="/proposals/$id" params={{ id: String(item.proposal_id) }}>
            Proposal {item.proposal_id}
          </Link>
        )}
        {retry.error && <Failed problem={retry.error} />}
      </div>
      {may(item.kind === "mail" ? "proposals:write" : "books:write") && (
        <Button variant="default" size="xs" onClick={run} loading={retry.isPending}>
          {act(item.action)}
        </Button>
      )}
    </li>
  );
}

/** A difference comes titled by its kind ("Paid twice" for paid_twice), which has better words here. */
function titleOf({ kind, title }: NeedsYou): string {
  return kind === "difference" ? differenceWord(title.toLowerCase().replaceAll(" ", "_")) : title;
}
