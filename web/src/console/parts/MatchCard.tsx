/** One customer of ours beside those in QuickBooks who may be meant, field by field. */

import { Button, Group, Table } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { formatMoney } from "../../words/money";
import { type Candidate, chooseMatch, type Review, undoMatch } from "../data/review";
import { useMay } from "../data/session";
import { Failed } from "./Failed";
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

export function MatchCard({ review, onChosen }: { review: Review; onChosen: (words: string) => void }) {
  const may = useMay();
  const choose = useAct((candidate: Candidate | null) => chooseMatch(review.id, candidate?.qbo_id ?? null), {
    onDone: (_, candidate) =>
      onChosen(
        candidate
          ? `${review.name} is ${candidate.name} in QuickBooks. It is booked in a few seconds.`
          : `${review.name} becomes a new customer in QuickBooks in a few seconds.`,
      ),
  });
  const undo = useAct(() => undoMatch(review.id));
  const candidates = review.candidates.slice(0, SHOWN_AT_FIRST);
  const open = review.state === "open";
  return (
    <Block title={review.name} actions={<Waiting review={review} />}>
      <div className="match" tabIndex={-1}>
        <Table.ScrollContainer minWidth={0} type="native">
          <Table aria-label={`${review.name} and who may be meant`} className="side-by-side match-table">
            <Table.Thead>
              <Table.Tr>
                <Table.Td />
                <Table.Th scope="col">Here</Table.Th>
                {candidates.map((candidate, i) => (
                  <Table.Th key={candidate.qbo_id} scope="col">
                    QuickBooks{candidates.length > 1 && ` ${i + 1}`}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {FIELDS.map(({ label, of }) => (
                <Table.Tr key={label}>
                  <Table.Th scope="row">{label}</Table.Th>
                  <Table.Td>{of(review) ?? "—"}</Table.Td>
                  {candidates.map((candidate) => (
                    <Table.Td key={candidate.qbo_id}>{of(candidate) ?? "—"}</Table.Td>
                  ))}
                </Table.Tr>
              ))}
              <Table.Tr>
                <Table.Th scope="row">Why</Table.Th>
                <Table.Td>
                  <Link to="/customers/$id" params={{ id: String(review.id) }}>
                    Open customer
                  </Link>
                </Table.Td>
                {candidates.map((candidate) => (
                  <Table.Td key={candidate.qbo_id}>
                    <span className="reasons">{[...candidate.reasons, candidate.active ? "" : "inactive"].filter(Boolean).join(", ")}</span>
                  </Table.Td>
                ))}
              </Table.Tr>
              {open && may("books:write") && (
                <Table.Tr>
                  <Table.Th scope="row">Choose</Table.Th>
                  <Table.Td>
                    <Button
                      size="xs"
                      variant="default"
                      data-choose="n"
                      disabled={choose.isPending}
                      loading={choose.isPending && choose.variables === null}
                      onClick={() => choose.mutate(null)}
                    >
                      A new customer
                    </Button>
                  </Table.Td>
                  {candidates.map((candidate, i) => (
                    <Table.Td key={candidate.qbo_id}>
                      <Button
                        size="xs"
                        variant={candidate.score >= LIKELY ? "filled" : "default"}
                        data-choose={i + 1}
                        aria-label={`This one: ${candidate.name}${candidates.length > 1 ? `, ${i + 1}` : ""}`}
                        disabled={choose.isPending}
                        loading={choose.isPending && choose.variables?.qbo_id === candidate.qbo_id}
                        onClick={() => choose.mutate(candidate)}
                      >
                        This one
                      </Button>
                    </Table.Td>
                  ))}
                </Table.Tr>
              )}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
        {review.candidates.length > SHOWN_AT_FIRST && (
          <p className="quiet">{count(review.candidates.length - SHOWN_AT_FIRST, "more person is", "more people are")} less likely.</p>
        )}
        {!open && (
          <Group gap="sm">
            <span role="status">{review.decision === "new" ? "A new customer." : `Customer ${review.qbo_id} in QuickBooks.`}</span>
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

function Waiting({ review }: { review: Review }) {
  if (review.waiting_count === 0 || !review.currency) return null;
  return (
    <span className="money">
      {formatMoney(review.waiting_minor, review.currency)} <span className="quiet">{review.waiting_count === 1 ? "waits" : "wait"}</span>
    </span>
  );
}

/** `j`/`k` walk the cards; in one, `1`…`3` choose and `n` says new. */
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
      } else if (["1", "2", "3", "n"].includes(event.key)) {
        cards[at]?.querySelector<HTMLButtonElement>(`[data-choose="${event.key}"]`)?.click();
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
