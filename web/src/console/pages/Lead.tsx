/** One lead: who asked and for what, how far it is, and the step to a customer. */

import { Button, Modal, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { STATES } from "../../words/states";
import { changeLead, convertLead, leadQuery, type LeadStatus } from "../data/customers";
import { useMay } from "../data/session";
import { addressLine } from "../parts/AddressFields";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { LeadForm } from "../parts/LeadForm";
import { Ago, State } from "../parts/Money";
import { Block, Facts, Page } from "../parts/Page";
import { RecordBones } from "../parts/RecordBones";

const PARENT = { to: "/leads", label: "Leads" };
const BY_HAND = Object.entries(STATES.lead)
  .filter(([value]) => value !== "converted")
  .map(([value, { en }]) => ({ value, label: en }));

export function Lead() {
  const id = Number(useParams({ from: "/office/leads/$id" }).id);
  const may = useMay();
  const navigate = useNavigate();
  const [editing, setEditing] = useState(false);
  const { data, error, refetch } = useQuery(leadQuery(id));
  const move = useAct((status: LeadStatus) => changeLead(id, { status }), { refresh: ["leads"] });
  const convert = useAct(() => convertLead(id), {
    refresh: ["leads", "customers"],
    onDone: ({ customer }) => void navigate({ to: "/customers/$id", params: { id: String(customer.id) } }),
  });
  if (!data) {
    return (
      <Page title="Lead" parent={PARENT}>
        {error ? <Failed problem={error} onRetry={() => void refetch()} /> : <RecordBones />}
      </Page>
    );
  }
  const open = data.status !== "converted" && may("leads:write");
  const failure = move.error ?? convert.error;
  return (
    <Page
      title={data.name}
      parent={PARENT}
      beside={<State kind="lead" state={data.status} />}
      actions={
        open && (
          <>
            <Button variant="default" onClick={() => setEditing(true)}>
              Edit
            </Button>
            <Button loading={convert.isPending} onClick={() => convert.mutate()}>
              Make a customer
            </Button>
          </>
        )
      }
    >
      {failure && <Failed problem={failure} />}
      <div className="record">
        <div>
          <Block title="What they want">
            <div className="terms">{data.note ?? "Nothing noted yet."}</div>
          </Block>
        </div>
        <div>
          <Block title="Contact">
            {open && (
              <Select
                label="Status"
                mb="sm"
                data={BY_HAND}
                value={data.status}
                disabled={move.isPending}
                onChange={(status) => status && move.mutate(status as LeadStatus)}
              />
            )}
            <Facts
              facts={[
                ["E-mail", data.email ? <a href={`mailto:${data.email}`}>{data.email}</a> : "—"],
                ["Phone", data.phone ? <a href={`tel:${data.phone}`}>{data.phone}</a> : "—"],
                ["Source", data.source ?? "—"],
                ["Where the job is", addressLine(data.site_address) || "—"],
                ["Came", <Ago key="came" at={data.created_at} />],
                [
                  "Customer",
                  data.customer_id ? (
                    <Link to="/customers/$id" params={{ id: String(data.customer_id) }}>
                      Open customer
                    </Link>
                  ) : (
                    "Not yet"
                  ),
                ],
              ]}
            />
          </Block>
        </div>
      </div>
      <Modal opened={editing} onClose={() => setEditing(false)} title={`Edit ${data.name}`} size="lg" closeButtonProps={{ "aria-label": "Close" }}>
        <LeadForm lead={data} onSaved={() => setEditing(false)} />
      </Modal>
    </Page>
  );
}
