/** Signing: a name typed and, if one likes, drawn; a consent; one button. For the contract and for changes of it. */

import { useRef, useState } from "react";
import type { Problem } from "../api/problem";
import { Draw } from "./Draw";
import { keep, kept } from "./kept";
import { asProblem } from "./useProposal";
import { Wrong } from "./Wrong";
import { useWords } from "./words";

const NAME_MIN = 2;
const NAME_MAX = 200;
/** A name that was typed stays typed through a reload, and for the version that replaces this one. */
const NAME_KEY = "portal-signer-name";

/** What was put under a document; `signature_path` is null when nothing was drawn. */
export type Signed = { signer_name: string; signature_path: string | null; agree: true };

type SignFormProps = {
  /** What the tick says. */
  consent: React.ReactNode;
  /** The price is being reckoned: nothing to sign yet. */
  pending?: boolean;
  /** Stores the signature; raises Problem. */
  sign: (signed: Signed) => Promise<void>;
  /** The document is not what was shown any more, or was decided elsewhere. */
  onChanged: () => Promise<void>;
  children?: React.ReactNode;
};

export function SignForm({ consent, pending = false, sign, onChanged, children }: SignFormProps) {
  const { t } = useWords();
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
      const signature_path = strokes.length > 0 ? strokes.join(" ") : null;
      await sign({ signer_name: name.trim(), signature_path, agree: true });
      keep(NAME_KEY, "");
    } catch (error) {
      const refused = asProblem(error);
      setProblem(refused);
      if (refused.status === 409) await onChanged();
    } finally {
      setBusy(false);
    }
  };

  return (
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
        <span aria-busy={pending}>{consent}</span>
      </label>
      <p id="consent-wrong" className="wrong" role="alert">
        {tried && !agreed ? t.consentMissing : ""}
      </p>
      <Wrong problem={problem && problem.status !== 409 ? problem : null} />
      <button type="submit" className="primary wide" disabled={busy || pending}>
        {busy ? t.approving : pending ? t.reckoning : t.approve}
      </button>
      {children}
    </form>
  );
}

/** The code that would no longer match if a word or figure had changed. */
export function Fingerprint({ hash }: { hash: string | null | undefined }) {
  const { t } = useWords();
  if (!hash) return null;
  return (
    <p className="fingerprint" title={t.fingerprintWhy}>
      {t.fingerprint}: <code>{hash}</code>
    </p>
  );
}
