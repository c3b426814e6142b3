/** All proposals with their price, deposit and place in the books. */

import { Button, Group, SegmentedControl } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useListing } from "../data/pages";
import { type ProposalRow, proposalRowsQuery } from "../data/proposals";
import { useMay } from "../data/session";
import { Ago, Money, State } from "../parts/Money";
import { Empty, Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import { Search } from "../parts/Search";
import { TakeAlong } from "../parts/TakeAlong";
import { useNewKey } from "../parts/newKey";
import { ProposalPlaces } from "../reusable/ProposalPlaces";

const FILTERS = [
  { value: "", label: "All" },
  { value: "draft", label: "Drafts" },
  { value: "sent", label: "Sent" },
  { value: "viewed", label: "Viewed" },
  { value: "approved", label: "Approved" },
];

export const proposalColumns: Column<ProposalRow>[] = [
  {
    name: "Proposal",
    cell: (row) => (
      <>
        <span className="number">{row.id}</span> {row.title}
        <small>{row.customer_name}</small>
      </>
    ),
  },
  { name: "Status", cell: (row) => <State kind="proposal" state={row.status} /> },
  { name: "Total", right: true, cell: (row) => <Money minor={row.total_minor} currency={row.currency} /> },
  {
    name: "Deposit",
    right: true,
    wideOnly: true,
    cell: (row) =>
      row.deposit_minor === null ? (
        <span className="quiet">—</span>
      ) : (
        <Money minor={row.deposit_minor} currency={row.currency} />
      ),
  },
  {
    name: "Payment",
    cell: (row) => (row.status === "draft" ? <span className="quiet">—</span> : <State kind="payment" state={row.payment_state} />),
  },
  {
    name: "Books",
    cell: (row) => (
      <span title={row.books_sentence ?? undefined}>
        <State kind="books" state={row.books_state} />
      </span>
    ),
  },
  { name: "Updated", wideOnly: true, cell: (row) => <Ago at={row.updated_at} /> },
];

export function Proposals() {
  const { status, q } = useSearch({ from: "/office/proposals" });
  const navigate = useNavigate({ from: "/proposals" });
  const may = useMay();
  const listing = useListing(proposalRowsQuery({ status, q }));
  useNewKey("/proposals/new", may("proposals:write"));
  const filtered = Boolean(status || q);

  return (
    <Page
      title="Proposals"
      actions={
        <>
          <TakeAlong kind="proposals" />
          {may("proposals:write") && (
          <Button renderRoot={(props) => <Link to="/proposals/new" {...props} />}>New proposal</Button>
        )}
        </>
      }
    >
      <ProposalPlaces />
      <Group mb="sm" gap="sm" justify="space-between">
        <SegmentedControl
          data={FILTERS}
          value={status ?? ""}
          onChange={(value) => void navigate({ search: { status: value || undefined, q } })}
          aria-label="Status"
          className="filters"
        />
        <Search
          label="Search proposals"
          value={q ?? ""}
          onChange={(text) => void navigate({ search: { status, q: text || undefined }, replace: true })}
        />
      </Group>
      <div className="block flush">
        <Rows
          label="Proposals"
          listing={listing}
          columns={proposalColumns}
          keyOf={(row) => row.id}
          href={(row) => `/proposals/${row.id}`}
          empty={
            <Empty
              action={
                filtered ? (
                  <Link to="/proposals">Show all</Link>
                ) : (
                  may("proposals:write") && <Link to="/proposals/new">Write the first proposal</Link>
                )
              }
            >
              {filtered
                ? "No proposal fits this search."
                : "Proposals appear here with what became of them: viewed, approved, paid, in the books."}
            </Empty>
          }
        />
      </div>
    </Page>
  );
}
