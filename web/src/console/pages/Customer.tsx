/** One customer: how to reach them, their proposals, and everything that happened. */

import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { customerQuery } from "../data/customers";
import { useListing } from "../data/pages";
import { proposalsOfCustomerQuery, type ProposalSummary } from "../data/proposals";
import { useMay } from "../data/session";
import { addressLine } from "../parts/AddressFields";
import { CustomerHistoryBlocks } from "../parts/CustomerHistoryBlocks";
import { CustomerForm } from "../parts/CustomerForm";
import { Failed } from "../parts/Failed";
import { Ago, Money, State } from "../parts/Money";
import { Block, Empty, Facts, Page } from "../parts/Page";
import { RecordBones } from "../parts/RecordBones";
import { type Column, Rows } from "../parts/Rows";

const PARENT = { to: "/customers", label: "Customers" };

const COLUMNS: Column<ProposalSummary>[] = [
  { name: "Proposal", cell: (row) => `${row.id} ${row.title}` },
  { name: "Status", cell: (row) => <State kind="proposal" state={row.status} /> },
  {
    name: "Total",
    right: true,
    cell: (row) => <Money minor={row.total_minor} currency={row.currency} />,
  },
];

export function Customer() {
  const id = Number(useParams({ from: "/office/customers/$id" }).id);
  const may = useMay();
  const [editing, setEditing] = useState(false);
  const { data, error, refetch } = useQuery(customerQuery(id));
  const proposals = useListing(proposalsOfCustomerQuery(id));
  if (!data) {
    return (
      <Page title="Customer" parent={PARENT}>
        {error ? <Failed problem={error} onRetry={() => void refetch()} /> : <RecordBones />}
      </Page>
    );
  }
  return (
    <Page
      title={data.name}
      parent={PARENT}
      actions={
        <>
          {may("customers:write") && (
            <Button variant="default" onClick={() => setEditing(true)}>
              Edit
            </Button>
          )}
          {may("proposals:write") && (
            <Button renderRoot={(props) => <Link to="/proposals/new" search={{ customer: id }} {...props} />}>
              New proposal
            </Button>
          )}
        </>
      }
    >
      <div className="record">
        <div>
          <Block title="Proposals" flush>
            <Rows
              label={`Proposals of ${data.name}`}
              listing={proposals}
              columns={COLUMNS}
              keyOf={(row) => row.id}
              href={(row) => `/proposals/${row.id}`}
              empty={<Empty>No proposal for this customer yet.</Empty>}
            />
          </Block>
          <CustomerHistoryBlocks id={id} />
        </div>
        <div>
          <Block title="Contact">
            <Facts
              facts={[
                ["Company", data.company ?? "—"],
                ["E-mail", data.email ? <a href={`mailto:${data.email}`}>{data.email}</a> : "—"],
                ["Phone", data.phone ? <a href={`tel:${data.phone}`}>{data.phone}</a> : "—"],
                ["Where the job is", addressLine(data.site_address) || "—"],
                ["Billing address", addressLine(data.billing_address) || "—"],
                ["Added", <Ago key="added" at={data.created_at} />],
              ]}
            />
          </Block>
        </div>
      </div>
      <Modal opened={editing} onClose={() => setEditing(false)} title={`Edit ${data.name}`} size="lg" closeButtonProps={{ "aria-label": "Close" }}>
        <CustomerForm customer={data} onSaved={() => setEditing(false)} />
      </Modal>
    </Page>
  );
}
