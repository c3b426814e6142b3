/** One lead: who asked and for what, how far it is, and the step to a customer. */

import { Button, Modal, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { Shape } from "../../api/client";
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
import { SamePersonHints } from "../parts/SamePersonHints";

const PARENT = { to: "/leads", label: "Leads" };
const BY_HAND = Object.entries(STATES.lead)
  .filter(([value]) => value !== "converted" && value !== "duplicate")
  .map(([value, { en }]) => ({ value, label: en }));

export function Lead() {
  const id = Number(useParams({ from: "/office/leads/$id" }).id);
  const may = useMay();
  const navigate = useNavigate();
  const [editing, setEditing] = useState(false);
  const { data, error, refetch } = useQuery(leadQuery(id));
  const move = useAct((status: LeadStatus) => changeLead(id, { status }), { refresh: ["leads"] });
  // A proposal is for a customer, so the lead becomes one on the way.
  const convert = useAct<"customer" | "proposal", Shape<"ConvertedLead">>(() => convertLead(id), {
    refresh: ["leads", "customers"],
    onDone: ({ customer }, next) =>
      void (next === "proposal"
        ? navigate({ to: "/proposals/new", search: { customer: customer.id } })
        : navigate({ to: "/customers/$id", params: { id: String(customer.id) } })),
  });
  if (!data) {
    return (
      <Page title="Lead" parent={PARENT}>
        {error ? <Failed problem={error} onRetry={() => void refetch()} /> : <RecordBones />}
      </Page>
    );
  }
  const aside = data.status === "spam" || data.status === "duplicate";
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
            {aside ? (
              <Button loading={move.isPending} onClick={() => move.mutate("new")}>
                {data.status === "spam" ? "Not spam" : "Not the same person"}
              </Button>
            ) : (
              <>
                <Button variant="default" loading={convert.isPending} onClick={() => convert.mutate("customer")}>
                  Make a customer
                </Button>
                {may("proposals:write") && (
                  <Button loading={convert.isPending} onClick={() => convert.mutate("proposal")}>
                    Write a proposal
                  </Button>
                )}
              </>
            )}
          </>
        )
      }
    >
      {failure && <Failed problem={failure} />}
      {data.spam_reason && <p className="notice">Taken for spam: {data.spam_reason}</p>}
      {data.duplicate_of && (
        <p className="notice">
          The same person as{" "}
          <Link to="/leads/$id" params={{ id: String(data.duplicate_of) }}>
            lead {data.duplicate_of}
          </Link>
          .
        </p>
      )}
      <div className="record">
        <div>
          {open && !aside && <SamePersonHints leadId={id} mayDecide={may("leads:write")} />}
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
                value={data.status === "duplicate" ? null : data.status}
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
