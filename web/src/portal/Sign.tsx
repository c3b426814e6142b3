/** The signature: a name typed and drawn, a consent that names the price, and the fingerprint of what is signed. */

import { useRef, useState } from "react";
import type { Problem } from "../api/problem";
import { approve, decline } from "./calls";
import { Draw } from "./Draw";
import { keep, kept } from "./kept";
import type { Choice } from "./useChoice";
import { asProblem } from "./useProposal";
import type { PortalView } from "./view";
import { Wrong } from "./Wrong";
import { useWords } from "./words";

const NAME_MIN = 2;
const NAME_MAX = 200;
const REASON_MAX = 500;

/** A name that was typed stays typed through a reload, and for the version that replaces this one. */
const NAME_KEY = "portal-signer-name";

type SignProps = {
  view: PortalView;
  choice: Choice;
  onSigned: (view: PortalView) => void;
  onChanged: () => Promise<void>;
};

export function Sign({ view, choice, onSigned, onChanged }: SignProps) {
  const { t, language, money } = useWords();
  const { price, pending, optionId } = choice;
  const [name, setName] = useState(() => kept(NAME_KEY));
  const [strokes, setStrokes] = useState<readonly string[]>([]);
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
      const signed = (
        await approve(view.id, {
          signer_name: name.trim(),
          content_hash: view.content_hash ?? "",
          ...(optionId === null ? {} : { option_id: optionId }),
          line_ids: choice.extras,
          signature_path: strokes.length > 0 ? strokes.join(" ") : null,
          language: view.language,
          agree: true,
        })
      );
      keep(NAME_KEY, "");
      onSigned(signed);
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
            onChange={(event) => {
              setName(event.target.value);
              keep(NAME_KEY, event.target.value);
            }}
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
        <Draw strokes={strokes} onChange={setStrokes} />
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
          <span aria-busy={pending}>
            {t.consentPrice(money(price.total_minor, view.currency), view.contractor.name)}{" "}
            <span lang={view.language}>{view.consent}</span>
          </span>
        </label>
        <p id="consent-wrong" className="wrong" role="alert">
          {tried && !agreed ? t.consentMissing : ""}
        </p>
        {view.language !== language && (
          <p className="quiet small">{t.contractLanguage(view.language === "es" ? t.inSpanish : t.inEnglish)}</p>
        )}
        <Wrong problem={problem && problem.status !== 409 ? problem : null} />
        <button type="submit" className="primary wide" disabled={busy || pending}>
          {busy ? t.approving : pending ? t.reckoning : t.approve}
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
      <Wrong problem={problem} />
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
