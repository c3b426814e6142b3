/** One customer of ours beside those in QuickBooks who may be meant, field by field; where none is, another is searched. */

import { Button, Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { formatMoney } from "../../words/money";
import { type Candidate, chooseMatch, type Review, undoMatch } from "../data/review";
import { useMay } from "../data/session";
import { Failed } from "./Failed";
import { FindCustomer } from "./FindCustomer";
import { Block } from "./Page";
import { isTyping } from "./Shortcuts";
import { useAct } from "./act";
import { count } from "./words";

const SHOWN_AT_FIRST = 3;
/** From here on the button says that this is most likely the one (`matching/scoring.py`). */
const LIKELY = 70;

const FIELDS: { label: string; of: (one: Review | Candidate) => string | null }[] = [
  { label: "Name", of: ({ name }) => name },
  { label: "Company", of: ({ company }) => company },
  { label: "E-mail", of: ({ email }) => email },
  { label: "Phone", of: ({ phone }) => phone },
  { label: "Address", of: ({ street, postal_code }) => [street, postal_code].filter(Boolean).join(", ") || null },
];

/** Somebody in QuickBooks, as far as choosing goes. */
type Chosen = Pick<Candidate, "qbo_id" | "name">;

export function MatchCard({ review, onChosen }: { review: Review; onChosen: (words: string) => void }) {
  const may = useMay();
  const [searching, setSearching] = useState(false);
  const choose = useAct((candidate: Chosen | null) => chooseMatch(review.id, candidate?.qbo_id ?? null), {
    onDone: (_, candidate) =>
      onChosen(
        candidate
          ? `${review.name} is ${candidate.name} in QuickBooks. It is booked in a few seconds.`
          : `${review.name} becomes a new customer in QuickBooks in a few seconds.`,
      ),
  });
  const undo = useAct(() => undoMatch(review.id));
  const candidates = review.candidates.slice(0, SHOWN_AT_FIRST);
  const choosing = review.state === "open" && may("books:write");
  const waitsFor = (one: Chosen | null) =>
    choose.isPending && (choose.variables === null ? one === null : choose.variables?.qbo_id === one?.qbo_id);
  return (
    <Block title={review.name} actions={<Waiting review={review} />}>
      <div className="match" tabIndex={-1}>
        <div className="match-people" style={{ "--people": candidates.length + 1 } as React.CSSProperties}>
          <MatchPerson
            title="Here"
            one={review}
            why={
              <Link to="/customers/$id" params={{ id: String(review.id) }}>
                Open customer
              </Link>
            }
          >
            {choosing && (
              <Button
                size="xs"
                variant="default"
                data-choose="n"
                disabled={choose.isPending}
                loading={waitsFor(null)}
                onClick={() => choose.mutate(null)}
              >
                A new customer
              </Button>
            )}
          </MatchPerson>
          {candidates.map((candidate, i) => (
            <MatchPerson
              key={candidate.qbo_id}
              title={candidates.length > 1 ? `QuickBooks ${i + 1}` : "QuickBooks"}
              one={candidate}
              why={[...candidate.reasons, candidate.active ? "" : "inactive"].filter(Boolean).join(", ")}
            >
              {choosing && (
                <Button
                  size="xs"
                  variant={candidate.score >= LIKELY ? "filled" : "default"}
                  data-choose={i + 1}
                  aria-label={`This one: ${candidate.name}${candidates.length > 1 ? `, ${i + 1}` : ""}`}
                  disabled={choose.isPending}
                  loading={waitsFor(candidate)}
                  onClick={() => choose.mutate(candidate)}
                >
                  This one
                </Button>
              )}
            </MatchPerson>
          ))}
        </div>
        {review.candidates.length > SHOWN_AT_FIRST && (
          <p className="quiet">{count(review.candidates.length - SHOWN_AT_FIRST, "more person is", "more people are")} less likely.</p>
        )}
        {choosing && !searching && (
          <Button size="xs" variant="subtle" ml={-8} data-choose="s" onClick={() => setSearching(true)}>
            Somebody else in QuickBooks…
          </Button>
        )}
        {choosing && searching && (
          <FindCustomer
            name={review.name}
            busy={choose.isPending}
            onChoose={(found) => choose.mutate(found)}
            onClose={() => setSearching(false)}
          />
        )}
        {review.state === "decided" && (
          <Group gap="sm">
            <span role="status">{decisionOf(review)}</span>
            {review.can_undo && may("books:write") && (
              <Button size="xs" variant="default" loading={undo.isPending} onClick={() => undo.mutate()}>
                Undo
              </Button>
            )}
          </Group>
        )}
        {(choose.error ?? undo.error) && <Failed problem={(choose.error ?? undo.error) as Error} />}
      </div>
    </Block>
  );
}

type MatchPersonProps = { title: string; one: Review | Candidate; why: React.ReactNode; children: React.ReactNode };

function MatchPerson({ title, one, why, children }: MatchPersonProps) {
  return (
    <div role="group" className="match-person" aria-label={`${title}: ${one.name}`}>
      <h3>{title}</h3>
      <dl>
        {FIELDS.map(({ label, of }) => (
          <div key={label} className={of(one) === null ? "none" : undefined}>
            <dt>{label}</dt>
            <dd>{of(one) ?? "—"}</dd>
          </div>
        ))}
        <div>
          <dt>{title === "Here" ? "More" : "Why"}</dt>
          <dd>{why || "—"}</dd>
        </div>
      </dl>
      <div className="match-act">{children}</div>
    </div>
  );
}

function decisionOf({ decision, qbo_id, qbo_name }: Review): string {
  if (decision === "new") return "A new customer.";
  return qbo_name ? `${qbo_name} in QuickBooks.` : `Customer ${qbo_id} in QuickBooks.`;
}

function Waiting({ review }: { review: Review }) {
  if (review.waiting_count === 0 || !review.currency) return null;
  return (
    <span className="money">
      {formatMoney(review.waiting_minor, review.currency)} <span className="quiet">{review.waiting_count === 1 ? "waits" : "wait"}</span>
    </span>
  );
}

/** `j`/`k` walk the cards; in one, `1`…`3` choose, `n` says new and `s` searches for another. */
export function useCardKeys(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (isTyping(event) || event.metaKey || event.ctrlKey || event.altKey) return;
      const cards = [...document.querySelectorAll<HTMLElement>(".match")];
      const at = cards.findIndex((card) => card.contains(document.activeElement));
      if (event.key === "j" || event.key === "k") {
        const next = event.key === "j" ? Math.min(at + 1, cards.length - 1) : Math.max(at - 1, 0);
        cards[next]?.focus();
        cards[next]?.scrollIntoView({ block: "nearest" });
      } else if (["1", "2", "3", "n", "s"].includes(event.key)) {
        event.preventDefault(); // the letter must not land in the field that opens
        cards[at]?.querySelector<HTMLButtonElement>(`[data-choose="${event.key}"]`)?.click();
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
