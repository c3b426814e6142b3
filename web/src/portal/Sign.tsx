/** The decision on the offer: sign it, with a consent that names the price, or decline it with a reason. */

import { useState } from "react";
import type { Problem } from "../api/problem";
import { approve, decline } from "./calls";
import { Fingerprint, SignForm } from "./SignForm";
import type { Choice } from "./useChoice";
import { asProblem } from "./useProposal";
import type { PortalView } from "./view";
import { Wrong } from "./Wrong";
import { useWords } from "./words";

const REASON_MAX = 500;

type SignProps = {
  view: PortalView;
  choice: Choice;
  onSigned: (view: PortalView) => void;
  onChanged: () => Promise<void>;
};

export function Sign({ view, choice, onSigned, onChanged }: SignProps) {
  const { t, language, money } = useWords();
  const { price, pending, optionId } = choice;
  return (
    <section className="card sign" id="sign" aria-labelledby="sign-title" tabIndex={-1}>
      <h2 id="sign-title">{t.sign}</h2>
      <SignForm
        consent={
          <>
            {t.consentPrice(money(price.total_minor, view.currency), view.contractor.name)}{" "}
            <span lang={view.language}>{view.consent}</span>
          </>
        }
        pending={pending}
        sign={async (signed) =>
          onSigned(
            await approve(view.id, {
              ...signed,
              content_hash: view.content_hash ?? "",
              ...(optionId === null ? {} : { option_id: optionId }),
              line_ids: choice.extras,
              language: view.language,
            }),
          )
        }
        onChanged={onChanged}
      >
        {view.language !== language && (
          <p className="quiet small">{t.contractLanguage(view.language === "es" ? t.inSpanish : t.inEnglish)}</p>
        )}
        <p className="quiet small">{t.nothingChargedYet}</p>
        <Fingerprint hash={view.content_hash} />
      </SignForm>
      <Decline
        title={t.decline}
        confirm={t.declineConfirm}
        contractor={view.contractor.name}
        say={async (reason) => onSigned(await decline(view.id, reason))}
      />
    </section>
  );
}

type DeclineProps = {
  title: string;
  confirm: string;
  contractor: string;
  /** Stores the no; raises Problem. */
  say: (reason: string) => Promise<void>;
};

export function Decline({ title, confirm, contractor, say }: DeclineProps) {
  const { t } = useWords();
  // Null until it was opened once: only who comes back from the form finds the focus on its button again.
  const [open, setOpen] = useState<boolean | null>(null);
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await say(reason.trim());
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };

  if (!open) {
    return (
      <button
        type="button"
        className="link"
        // oxlint-disable-next-line jsx-a11y/no-autofocus -- the button that had the focus is gone with its form
        autoFocus={open === false}
        onClick={() => setOpen(true)}
      >
        {title}
      </button>
    );
  }
  return (
    <form className="decline" onSubmit={submit}>
      <p>{t.declineLead(contractor)}</p>
      <label className="field">
        <span>{t.reason}</span>
        <textarea
          rows={3}
          maxLength={REASON_MAX}
          value={reason}
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- it was just asked for with a button
          autoFocus
          onChange={(e) => setReason(e.target.value)}
        />
      </label>
      <Wrong problem={problem} />
      <div className="buttons">
        <button type="submit" className="secondary" disabled={busy}>
          {confirm}
        </button>
        <button type="button" className="link" onClick={() => setOpen(false)}>
          {t.keep}
        </button>
      </div>
    </form>
  );
}
