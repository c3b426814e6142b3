/** The proposal on one page: what it costs and what to do now, what is included, the terms, the signature. */

import { useEffect, useRef, useState } from "react";
import { stateWord } from "../words/states";
import { Cancel } from "./Cancel";
import { Changes } from "./Changes";
import { Contact } from "./Contact";
import { Drawing } from "./Draw";
import { Files } from "./Files";
import { Included, Options } from "./Included";
import { Messages } from "./Messages";
import { Notice } from "./Notice";
import { Now } from "./Now";
import { Papers } from "./Papers";
import { History, Plan } from "./Schedule";
import { Sign } from "./Sign";
import { useChoice } from "./useChoice";
import type { ProposalState } from "./useProposal";
import type { PortalView } from "./view";
import { useWords } from "./words";

export function Proposal({ view, proposal }: { view: PortalView; proposal: ProposalState }) {
  const { t, day } = useWords();
  const [changed, setChanged] = useState(false);
  const { stage } = proposal;
  const signing = stage === "sign";
  const choice = useChoice(view, proposal.readPrice);
  const { price } = choice;
  const status = stateWord("proposal", view.status);
  const signed = view.status === "approved" || view.status === "cancelled";

  // Signed or declined: what comes next stands at the top, so that is where eyes and screen readers go.
  const wasSigning = useRef(signing);
  useEffect(() => {
    if (wasSigning.current && !signing) {
      toTheTop();
    }
    wasSigning.current = signing;
  }, [signing]);

  // Before it is stored, the office's preview has neither number nor name.
  const known = [
    view.number > 0 && t.proposal(view.number),
    view.customer.name && t.preparedFor(view.customer.name),
    signing && view.valid_until && t.validUntil(day(view.valid_until)),
  ].filter(Boolean);
  return (
    <>
      <main className={signing ? "layout with-bar" : "layout"}>
        <div className="heading">
          <p className="quiet">
            {known.join(" · ")}
          </p>
          {!signing && <Status state={view.status} tone={status.tone} />}
          <h1>{view.title}</h1>
        </div>
        <aside className="now" id="now">
          <Now view={view} proposal={proposal} choice={choice} />
        </aside>
        <div className="document">
          {changed && (
            <p className="notice amber" role="alert">
              {t.changed}
            </p>
          )}
          {signed && <Changes view={view} onDecided={proposal.show} />}
          {signed && (
            <History
              view={view}
              onPay={(payment) => {
                proposal.settle();
                proposal.focus(payment.id);
                toTheTop();
              }}
            />
          )}
          {view.introduction && (
            <p className="introduction" lang={view.language}>
              {view.introduction}
            </p>
          )}
          {view.options.length > 0 && <Options view={view} choice={choice} choosing={signing} />}
          <Included view={view} choice={choice} choosing={signing} />
          <Files view={view} fileAddress={proposal.fileAddress} />
          {signing && <Plan price={price} currency={view.currency} pending={choice.pending} />}
          {view.terms && (
            <section className="card" aria-labelledby="terms">
              <h2 id="terms">{t.terms}</h2>
              <div className="terms" lang={view.language}>{view.terms}</div>
            </section>
          )}
          <Notice view={view} />
          {signing && (
            <Sign
              view={view}
              choice={choice}
              onSigned={proposal.show}
              onChanged={async () => {
                await proposal.reload();
                setChanged(true);
                window.scrollTo({ top: 0, behavior: "instant" });
              }}
            />
          )}
          {view.signer_name && <Signed view={view} />}
          <Papers view={view} />
          <Cancel
            view={view}
            onCancelled={(next) => {
              proposal.show(next);
              toTheTop();
            }}
          />
          <Messages view={view} onSent={proposal.show} />
          <Contact contractor={view.contractor} />
        </div>
      </main>
      {signing && <Bar view={view} total={price.total_minor} />}
    </>
  );
}

function toTheTop() {
  window.scrollTo({ top: 0, behavior: "instant" });
  document.querySelector<HTMLElement>("#now h2")?.focus({ preventScroll: true });
}

/** On a phone: the price and the next step, always under the thumb, until the signature itself is in sight. */
function Bar({ view, total }: { view: PortalView; total: number }) {
  const { t, money } = useWords();
  const arrived = useInSight("#sign");
  return (
    <aside className="bar" aria-label={t.priceAndNextStep} hidden={arrived}>
      <span className="bar-price">
        <small>{t.total}</small>
        <strong>{money(total, view.currency)}</strong>
      </span>
      <a className="primary" href="#sign">
        {t.reviewAndSign}
      </a>
    </aside>
  );
}

function useInSight(selector: string): boolean {
  const [inSight, setInSight] = useState(false);
  useEffect(() => {
    const element = document.querySelector(selector);
    if (!element) return;
    const observer = new IntersectionObserver(([entry]) => setInSight(entry?.isIntersecting ?? false));
    observer.observe(element);
    return () => observer.disconnect();
  }, [selector]);
  return inSight;
}

function Status({ state, tone }: { state: string; tone: string }) {
  const { language } = useWords();
  return <span className={`pill ${tone}`}>{stateWord("proposal", state, language).word}</span>;
}

function Signed({ view }: { view: PortalView }) {
  const { t, moment } = useWords();
  if (!view.signer_name || !view.approved_at) return null;
  return (
    <section className="card signed">
      {view.signature_path && <Drawing path={view.signature_path} name={view.signer_name} />}
      <p className="signature">{view.signer_name}</p>
      <p>{t.signedBy(view.signer_name, moment(view.approved_at))}</p>
      {view.content_hash && (
        <p className="fingerprint">
          {t.fingerprint}: <code>{view.content_hash}</code>
        </p>
      )}
    </section>
  );
}
