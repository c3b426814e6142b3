/** The proposal on one page: what it costs and what to do now, what is included, the terms, the signature. */

import { useEffect, useRef, useState } from "react";
import { stateWord } from "../words/states";
import { Contact } from "./Contact";
import { Included, Options } from "./Included";
import { Now } from "./Now";
import { Sign } from "./Sign";
import type { ProposalState } from "./useProposal";
import { firstOption, priceOf, type PortalView } from "./view";
import { useWords } from "./words";

export function Proposal({ view, proposal }: { view: PortalView; proposal: ProposalState }) {
  const { t, day } = useWords();
  const [chosen, setChosen] = useState<number | null>(null);
  const [changed, setChanged] = useState(false);
  const { stage } = proposal;
  const signing = stage === "sign";
  const optionId = signing ? (chosen ?? firstOption(view)) : firstOption(view);
  const price = priceOf(view, optionId);
  const status = stateWord("proposal", view.status);

  // Signed or declined: what comes next stands at the top, so that is where eyes and screen readers go.
  const wasSigning = useRef(signing);
  useEffect(() => {
    if (wasSigning.current && !signing) {
      window.scrollTo({ top: 0, behavior: "instant" });
      document.querySelector<HTMLElement>("#now h2")?.focus({ preventScroll: true });
    }
    wasSigning.current = signing;
  }, [signing]);

  return (
    <>
      <main className={signing ? "layout with-bar" : "layout"}>
        <div className="heading">
          <p className="quiet">
            {t.proposal(view.id)} · {t.preparedFor(view.customer.name)}
            {signing && view.valid_until && <> · {t.validUntil(day(view.valid_until))}</>}
          </p>
          {!signing && <Status state={view.status} tone={status.tone} />}
          <h1>{view.title}</h1>
        </div>
        <aside className="now" id="now">
          <Now view={view} proposal={proposal} price={price} optionId={optionId} />
        </aside>
        <div className="document">
          {changed && (
            <p className="notice amber" role="alert">
              {t.changed}
            </p>
          )}
          {view.introduction && <p className="introduction">{view.introduction}</p>}
          {view.options.length > 0 && (
            <Options view={view} chosen={optionId} onChoose={signing ? setChosen : undefined} />
          )}
          <Included view={view} optionId={optionId} price={price} />
          {view.terms && (
            <section className="card" aria-labelledby="terms">
              <h2 id="terms">{t.terms}</h2>
              <div className="terms">{view.terms}</div>
            </section>
          )}
          {signing && (
            <Sign
              view={view}
              price={price}
              optionId={view.options.length > 0 ? optionId : null}
              onSigned={proposal.show}
              onChanged={async () => {
                await proposal.reload();
                setChanged(true);
                window.scrollTo({ top: 0, behavior: "instant" });
              }}
            />
          )}
          {view.signer_name && <Signed view={view} />}
          <Contact contractor={view.contractor} />
        </div>
      </main>
      {signing && <Bar view={view} total={price.total_minor} />}
    </>
  );
}

/** On a phone: the price and the next step, always under the thumb, until the signature itself is in sight. */
function Bar({ view, total }: { view: PortalView; total: number }) {
  const { t, money } = useWords();
  const arrived = useInSight("#sign");
  return (
    <div className="bar" hidden={arrived}>
      <span className="bar-price">
        <small>{t.total}</small>
        <strong>{money(total, view.currency)}</strong>
      </span>
      <a className="primary" href="#sign">
        {t.reviewAndSign}
      </a>
    </div>
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
