/** Change orders: what is added or taken off, what the price becomes, and a signature of their own. */

import { useCallback, useEffect, useState } from "react";
import { stateWord } from "../words/states";
import { approveChange, declineChange, readChanges } from "./calls";
import { Row } from "./Card";
import { Decline } from "./Sign";
import { Fingerprint, SignForm } from "./SignForm";
import { asProblem } from "./useProposal";
import type { ChangeOrder, PortalView } from "./view";
import { useWords } from "./words";

type ChangesProps = { view: PortalView; onDecided: (view: PortalView) => void };

export function Changes({ view, onDecided }: ChangesProps) {
  const { t } = useWords();
  const [orders, setOrders] = useState<readonly ChangeOrder[]>([]);
  const [changed, setChanged] = useState(false);
  const reload = useCallback(async () => {
    try {
      setOrders(await readChanges(view.id));
    } catch (error) {
      asProblem(error); // the page's own polling says when the server is away; what is shown stays
    }
  }, [view.id]);
  // The view is a new object at every poll, so a change order that was just sent appears by itself.
  useEffect(() => {
    // oxlint-disable-next-line react/set-state-in-effect -- state is set when the answer comes
    void reload();
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [reload, view]);

  if (orders.length === 0) return null;
  const first = orders.find((order) => order.state === "sent");
  return (
    <section className="card changes-card" id="changes" aria-labelledby="changes-title">
      <h2 id="changes-title" tabIndex={-1}>
        {first ? t.changesToSign : t.changeOrders}
      </h2>
      {changed && (
        <p className="notice amber" role="alert">
          {t.changeChanged}
        </p>
      )}
      {orders.map((order) => (
        <One
          key={order.id}
          order={order}
          view={view}
          signing={order === first}
          onDecided={onDecided}
          onChanged={async () => {
            await reload();
            setChanged(true);
          }}
        />
      ))}
    </section>
  );
}

type OneProps = { order: ChangeOrder; view: PortalView; signing: boolean; onChanged: () => Promise<void> } & Pick<
  ChangesProps,
  "onDecided"
>;

function One({ order, view, signing, onDecided, onChanged }: OneProps) {
  const { t, language, money } = useWords();
  const total = view.total_minor + view.changes_minor;
  const { word, tone } = stateWord("change", order.state, language);
  return (
    <article className="change-order" aria-label={order.title}>
      <h3>
        <span lang={view.language}>{order.title}</span> <span className={`pill ${tone}`}>{word}</span>
      </h3>
      {order.reason && <p lang={view.language}>{order.reason}</p>}
      <ul className="lines">
        {order.lines.map((line, i) => (
          // A frozen list: its order is what names a line.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={i}>
            <span className="line-name">{line.name}</span>
            <span className="line-amount">{money(line.amount_minor, view.currency)}</span>
            {line.description && <span className="line-words">{line.description}</span>}
          </li>
        ))}
      </ul>
      <dl className="sum">
        {order.tax_minor !== 0 && <Row name={t.tax} value={money(order.tax_minor, view.currency)} />}
        <Row name={t.changeAmount} value={money(order.total_minor, view.currency)} strong />
        {order.state === "sent" && (
          <Row name={t.newTotal} value={money(total + order.total_minor, view.currency)} />
        )}
      </dl>
      {signing && (
        <div className="sign">
          <SignForm
            consent={
              <>
                {t.consentPrice(money(total + order.total_minor, view.currency), view.contractor.name)}{" "}
                <span lang={view.language}>{view.change_consent}</span>
              </>
            }
            sign={async (signed) =>
              onDecided(
                await approveChange(view.id, order.id, {
                  ...signed,
                  content_hash: order.content_hash ?? "",
                  language: view.language,
                }),
              )
            }
            onChanged={onChanged}
          >
            <Fingerprint hash={order.content_hash} />
          </SignForm>
          <Decline
            title={t.declineChange}
            confirm={t.declineChangeConfirm}
            contractor={view.contractor.name}
            say={async (reason) => onDecided(await declineChange(view.id, order.id, reason))}
          />
        </div>
      )}
    </article>
  );
}
