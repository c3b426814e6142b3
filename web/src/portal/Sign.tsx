/** The signature: a typed name, a consent that names the price, and the fingerprint of what is signed. */

import { useRef, useState } from "react";
import type { Problem } from "../api/problem";
import { approve, decline } from "./calls";
import { asProblem } from "./useProposal";
import type { PortalView, Price } from "./view";
import { useWords } from "./words";

const NAME_MIN = 2;
const NAME_MAX = 200;
const REASON_MAX = 500;

type SignProps = {
  view: PortalView;
  price: Price;
  optionId: number | null;
  onSigned: (view: PortalView) => void;
  onChanged: () => Promise<void>;
};

export function Sign({ view, price, optionId, onSigned, onChanged }: SignProps) {
  const { t, money } = useWords();
  const [name, setName] = useState("");
  const [agreed, setAgreed] = useState(false);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const nameField = useRef<HTMLInputElement>(null);
  const consentField = useRef<HTMLInputElement>(null);

  const nameWrong = name.trim().length < NAME_MIN ? t.nameMissing : problem?.field("signer_name");
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setTried(true);
    setProblem(null);
    if (name.trim().length < NAME_MIN) return nameField.current?.focus();
    if (!agreed) return consentField.current?.focus();
    setBusy(true);
    try {
      onSigned(
        await approve(view.id, {
          signer_name: name.trim(),
          content_hash: view.content_hash ?? "",
          ...(optionId === null ? {} : { option_id: optionId }),
          agree: true,
        }),
      );
    } catch (error) {
      const refused = asProblem(error);
      setProblem(refused);
      if (refused.status === 409) await onChanged();
    } finally {
      setBusy(false);
    }
  };

  return (
    <section className="card sign" id="sign" aria-labelledby="sign-title" tabIndex={-1}>
      <h2 id="sign-title">{t.sign}</h2>
      <form onSubmit={submit} noValidate>
        <p>{t.signLead}</p>
        <label className="field">
          <span>{t.fullName}</span>
          <input
            ref={nameField}
            className="signature-input"
            value={name}
            onChange={(event) => setName(event.target.value)}
            autoComplete="name"
            maxLength={NAME_MAX}
            aria-invalid={tried && Boolean(nameWrong)}
            aria-describedby="name-wrong"
            required
          />
        </label>
        <p id="name-wrong" className="wrong" role="alert">
          {tried ? nameWrong : ""}
        </p>
        <label className="consent">
          <input
            ref={consentField}
            type="checkbox"
            checked={agreed}
            onChange={(event) => setAgreed(event.target.checked)}
            aria-invalid={tried && !agreed}
            aria-describedby="consent-wrong"
            required
          />
          <span>{t.consent(money(price.total_minor, view.currency), view.contractor.name)}</span>
        </label>
        <p id="consent-wrong" className="wrong" role="alert">
          {tried && !agreed ? t.consentMissing : ""}
        </p>
        {problem && problem.status !== 409 && (
          <p className="notice red" role="alert">
            {problem.message}
          </p>
        )}
        <button type="submit" className="primary wide" disabled={busy}>
          {busy ? t.approving : t.approve}
        </button>
        <p className="quiet small">{t.nothingChargedYet}</p>
        {view.content_hash && (
          <p className="fingerprint" title={t.fingerprintWhy}>
            {t.fingerprint}: <code>{view.content_hash}</code>
          </p>
        )}
      </form>
      <Decline view={view} onDeclined={onSigned} />
    </section>
  );
}

function Decline({ view, onDeclined }: { view: PortalView; onDeclined: (view: PortalView) => void }) {
  const { t } = useWords();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      onDeclined(await decline(view.id, reason.trim()));
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };

  if (!open) {
    return (
      <button type="button" className="link" onClick={() => setOpen(true)}>
        {t.decline}
      </button>
    );
  }
  return (
    <form className="decline" onSubmit={submit}>
      <p>{t.declineLead(view.contractor.name)}</p>
      <label className="field">
        <span>{t.reason}</span>
        <textarea rows={3} maxLength={REASON_MAX} value={reason} onChange={(e) => setReason(e.target.value)} />
      </label>
      {problem && (
        <p className="notice red" role="alert">
          {problem.message}
        </p>
      )}
      <div className="buttons">
        <button type="submit" className="secondary" disabled={busy}>
          {t.declineConfirm}
        </button>
        <button type="button" className="link" onClick={() => setOpen(false)}>
          {t.keep}
        </button>
      </div>
    </form>
  );
}
