/** The pipeline as a board: a column for each stage with its count; a card is moved by its menu or dragged. */

import { Button, Menu, UnstyledButton } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { STATES } from "../../words/states";
import { changeLead, type Lead, leadsQuery, type LeadStatus } from "../data/customers";
import { useListing } from "../data/pages";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Ago } from "./Money";
import { UndoBar } from "./UndoBar";

const COLUMNS: LeadStatus[] = ["new", "contacted", "qualified", "converted", "lost"];
const BY_HAND: LeadStatus[] = ["new", "contacted", "qualified", "lost", "spam"];

const word = (status: LeadStatus) => STATES.lead[status]?.en ?? status;

type Move = { lead: Lead; to: LeadStatus };

export function LeadBoard({ q, counts }: { q: string; counts: Map<string, number> }) {
  const may = useMay();
  const queries = useQueryClient();
  const [moved, setMoved] = useState<Move | null>(null);
  const refresh = () => void queries.invalidateQueries({ queryKey: ["leads"] });
  const move = useAct(({ lead, to }: Move) => changeLead(lead.id, { status: to }), {
    refresh: ["leads"],
    onDone: (_, done) => setMoved(done),
  });
  const back = useAct(({ lead }: Move) => changeLead(lead.id, { status: lead.status }), { refresh: ["leads"] });
  const gone = useCallback(() => setMoved(null), []);
  const failure = move.error ?? back.error;
  return (
    <>
      {failure && <Failed problem={failure} onRetry={refresh} />}
      <div className="board">
        {COLUMNS.map((status) => (
          <Column
            key={status}
            status={status}
            q={q}
            count={q ? undefined : counts.get(status)}
            onMove={may("leads:write") ? (lead, to) => lead.status !== to && move.mutate({ lead, to }) : null}
          />
        ))}
      </div>
      {moved && (
        <UndoBar
          key={`${moved.lead.id}-${moved.to}`}
          said={`${moved.lead.name} moved to ${word(moved.to)}.`}
          onUndo={() => back.mutate(moved)}
          onGone={gone}
        />
      )}
    </>
  );
}

type ColumnProps = {
  status: LeadStatus;
  q: string;
  count: number | undefined;
  onMove: ((lead: Lead, to: LeadStatus) => void) | null;
};

function Column({ status, q, count, onMove }: ColumnProps) {
  const { items, problem, retry, more, loadingMore } = useListing(leadsQuery(status, q));
  const [over, setOver] = useState(false);
  const takes = onMove !== null && BY_HAND.includes(status);
  const drop = (event: React.DragEvent) => {
    setOver(false);
    const lead = JSON.parse(event.dataTransfer.getData("application/x-lead") || "null") as Lead | null;
    if (lead) onMove?.(lead, status);
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dragging is extra: the menu does the same
    <section
      className={over ? "board-column over" : "board-column"}
      aria-label={word(status)}
      aria-busy={items === undefined && !problem}
      onDragOver={(event) => {
        if (!takes || !event.dataTransfer.types.includes("application/x-lead")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={takes ? drop : undefined}
    >
      <h2>
        {word(status)} <span className="count calm">{count ?? items?.length ?? ""}</span>
      </h2>
      {problem && <Failed problem={problem} onRetry={retry} />}
      {items?.length === 0 && <p className="quiet">Nobody here.</p>}
      {items === undefined && !problem && [1, 2].map((bone) => <span key={bone} className="bone board-bone" />)}
      <ul>
        {items?.map((lead) => (
          <Card key={lead.id} lead={lead} onMove={onMove} />
        ))}
      </ul>
      {more && (
        <Button variant="subtle" size="compact-sm" onClick={more} loading={loadingMore}>
          Show more
        </Button>
      )}
    </section>
  );
}

function Card({ lead, onMove }: { lead: Lead; onMove: ColumnProps["onMove"] }) {
  const movable = onMove !== null && lead.status !== "converted";
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dragging is extra: the menu does the same
    <li
      className="board-card"
      draggable={movable}
      onDragStart={(event) => event.dataTransfer.setData("application/x-lead", JSON.stringify(lead))}
    >
      <div className="board-card-head">
        <Link to="/leads/$id" params={{ id: String(lead.id) }} className="row-link">
          {lead.name}
        </Link>
        {movable && (
          <Menu position="bottom-end">
            <Menu.Target>
              <UnstyledButton className="board-move" aria-label={`Move ${lead.name}`}>
                Move
              </UnstyledButton>
            </Menu.Target>
            <Menu.Dropdown>
              {BY_HAND.filter((to) => to !== lead.status).map((to) => (
                <Menu.Item key={to} onClick={() => onMove(lead, to)}>
                  {word(to)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )}
      </div>
      {lead.note && <small className="one-line">{lead.note}</small>}
      <small className="quiet">
        {lead.source ? `${lead.source} · ` : ""}
        <Ago at={lead.created_at} />
      </small>
    </li>
  );
}
