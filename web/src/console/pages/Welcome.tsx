/** Home for people who sell: the leads nobody has called yet, their newest proposals, and how selling goes. */

import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { leadsQuery } from "../data/customers";
import { useListing } from "../data/pages";
import { proposalRowsQuery } from "../data/proposals";
import { useMay } from "../data/session";
import { Empty, Block, Page } from "../parts/Page";
import { Rows } from "../parts/Rows";
import { Selling } from "../parts/Selling";
import { leadColumns } from "./Leads";
import { proposalColumns } from "./Proposals";

export function Welcome() {
  const may = useMay();
  const leads = useListing(leadsQuery("new", ""));
  const proposals = useListing(proposalRowsQuery({}));
  return (
    <Page
      title="Home"
      actions={
        may("proposals:write") && (
          <Button renderRoot={(props) => <Link to="/proposals/new" {...props} />}>New proposal</Button>
        )
      }
    >
      <Block title="New leads" flush>
        <Rows
          label="New leads"
          listing={leads}
          columns={leadColumns}
          keyOf={(lead) => lead.id}
          href={(lead) => `/leads/${lead.id}`}
          empty={<Empty>Nobody new is waiting for a call.</Empty>}
        />
      </Block>
      <Block title="Proposals" flush>
        <Rows
          label="Proposals"
          listing={proposals}
          columns={proposalColumns}
          keyOf={(row) => row.id}
          href={(row) => `/proposals/${row.id}`}
          empty={<Empty>Proposals appear here with what became of them.</Empty>}
        />
      </Block>
      {may("payments:read") && <Selling withBooks={false} />}
    </Page>
  );
}
