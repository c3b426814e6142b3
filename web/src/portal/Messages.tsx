/** What homeowner and contractor wrote to each other, and a field to ask or to request changes. */

import { useRef, useState } from "react";
import type { Problem } from "../api/problem";
import { type Asking, writeMessage } from "./calls";
import { asProblem } from "./useProposal";
import type { Message, PortalView } from "./view";
import { Wrong } from "./Wrong";
import { useWords } from "./words";

const TEXT_MAX = 2000;

export function Messages({ view, onSent }: { view: PortalView; onSent: (view: PortalView) => void }) {
  const { t } = useWords();
  const [asking, setAsking] = useState<Asking | null>(null);
  const [asked, setAsked] = useState<Asking | null>(null); // whose button has the focus again after the form
  const [sent, setSent] = useState(false);
  const { contractor, messages } = view;
  const begin = (kind: Asking) => {
    setSent(false);
    setAsking(kind);
    setAsked(kind);
  };
  return (
    <section className="card messages" aria-labelledby="messages">
      <h2 id="messages">{t.messages}</h2>
      {messages.length === 0 && <p className="quiet">{t.messagesLead(contractor.name)}</p>}
      {messages.length > 0 && (
        <ol className="thread">
          {messages.map((message) => (
            <Said key={message.id} message={message} contractor={contractor.name} />
          ))}
        </ol>
      )}
      <p role="status" className={sent ? "notice green" : "sr-only"}>
        {sent ? t.sent(contractor.name) : ""}
      </p>
      {asking ? (
        <Write
          id={view.id}
          kind={asking}
          onBack={() => setAsking(null)}
          onSent={(next) => {
            setAsking(null);
            setSent(true);
            onSent(next);
          }}
        />
      ) : (
        <div className="buttons">
          <button
            type="button"
            className="secondary"
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- the button that had the focus is gone with its form
            autoFocus={asked === "question"}
            onClick={() => begin("question")}
          >
            {t.askQuestion}
          </button>
          {view.can_approve && (
            <button
              type="button"
              className="secondary"
              // oxlint-disable-next-line jsx-a11y/no-autofocus -- the button that had the focus is gone with its form
              autoFocus={asked === "changes"}
              onClick={() => begin("changes")}
            >
              {t.askChanges}
            </button>
          )}
        </div>
      )}
    </section>
  );
}

function Said({ message, contractor }: { message: Message; contractor: string }) {
  const { t, moment } = useWords();
  const when = moment(message.created_at);
  const theirs = message.kind === "answer";
  const who = theirs ? t.theyWrote(contractor, when) : message.kind === "changes" ? t.youWished(when) : t.youWrote(when);
  return (
    <li className={theirs ? "said theirs" : "said"}>
      <span className="quiet small">{who}</span>
      <span className="said-words">{message.text}</span>
    </li>
  );
}

type WriteProps = { id: number; kind: Asking; onBack: () => void; onSent: (view: PortalView) => void };

function Write({ id, kind, onBack, onSent }: WriteProps) {
  const { t } = useWords();
  const [text, setText] = useState("");
  const [missing, setMissing] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);

  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setProblem(null);
    setMissing(!text.trim());
    if (!text.trim()) return field.current?.focus();
    setBusy(true);
    try {
      onSent(await writeMessage(id, kind, text.trim()));
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };

  return (
    <form className="stack" onSubmit={submit} noValidate>
      <label className="field">
        <span>{kind === "changes" ? t.yourChanges : t.yourQuestion}</span>
        <textarea
          ref={field}
          rows={4}
          maxLength={TEXT_MAX}
          value={text}
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- it was just asked for with a button
          autoFocus
          onChange={(event) => setText(event.target.value)}
          aria-invalid={missing}
          aria-describedby="message-wrong"
          required
        />
      </label>
      <p id="message-wrong" className="wrong" role="alert">
        {missing ? t.wordsMissing : ""}
      </p>
      <Wrong problem={problem} />
      <div className="buttons">
        <button type="submit" className="primary" disabled={busy}>
          {busy ? t.sending : t.send}
        </button>
        <button type="button" className="link" onClick={onBack}>
          {t.back}
        </button>
      </div>
    </form>
  );
}
