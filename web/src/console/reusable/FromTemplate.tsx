/** Begins a proposal with a template: which one, for whom, and under which title; the draft opens in the editor. */

import { Button, Group, Select, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { Problem } from "../../api/problem";
import { useListing } from "../data/pages";
import { draftFromTemplate, templateQuery, templatesQuery } from "../data/templates";
import { CustomerPicker } from "../editor/CustomerPicker";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Block, Empty, Page } from "../parts/Page";

export function FromTemplate() {
  const { template, customer } = useSearch({ from: "/office/proposals/from-template" });
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(template ?? null);
  const [customerId, setCustomerId] = useState(customer ?? null);
  const [title, setTitle] = useState("");
  const [tried, setTried] = useState(false);
  const [key, setKey] = useState(idempotencyKey);
  const one = useQuery({ ...templateQuery(chosen ?? 0), enabled: chosen !== null });
  // The field holds the chosen template's name; that is no search.
  const listing = useListing(templatesQuery(typed === one.data?.name ? "" : typed));
  const found = listing.items ?? [];
  const all = one.data && !found.some(({ id }) => id === one.data.id) ? [one.data, ...found] : found;
  const make = useAct(
    () => draftFromTemplate(chosen ?? 0, { customer_id: customerId ?? 0, title: title.trim() || undefined }, key),
    {
      refresh: ["proposals"],
      onDone: ({ id }) => void navigate({ to: "/proposals/$id/edit", params: { id: String(id) } }),
    },
  );
  const wrong = (field: string) => (make.error instanceof Problem ? make.error.field(field) : undefined);
  const outdated = make.error instanceof Problem && make.error.kind === "template-outdated";

  return (
    <Page title="Proposal from a template" parent={{ to: "/proposals", label: "Proposals" }}>
      {listing.problem && <Failed problem={listing.problem} onRetry={listing.retry} />}
      {listing.items?.length === 0 && !typed && !one.data ? (
        <div className="block">
          <Empty action={<Link to="/proposals/templates/new">Write the first template</Link>}>
            There is no template yet.
          </Empty>
        </div>
      ) : (
        <Block title="For whom">
          <form
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              setTried(true);
              if (chosen !== null && customerId !== null) {
                make.mutate(undefined, { onError: () => setKey(idempotencyKey()) });
              }
            }}
          >
            <Stack gap="sm" maw="40rem">
              <Select
                label="Template"
                placeholder="Search by name"
                searchable
                nothingFoundMessage="No such template."
                data={all.map(({ id, name }) => ({ value: String(id), label: name }))}
                filter={({ options }) => options}
                value={chosen === null ? null : String(chosen)}
                searchValue={typed}
                onSearchChange={setTyped}
                onChange={(id) => id && setChosen(Number(id))}
                error={(tried && chosen === null && "Choose a template.") || (one.error && "This template is not there any more.")}
              />
              <CustomerPicker
                value={customerId}
                error={(tried && customerId === null ? "Choose a customer." : undefined) ?? wrong("customer_id")}
                onChange={setCustomerId}
              />
              <TextInput
                label="Title"
                description="Left empty, the template’s"
                inputWrapperOrder={["label", "input", "description", "error"]}
                placeholder={typeof one.data?.content.title === "string" ? one.data.content.title : ""}
                maxLength={200}
                value={title}
                error={wrong("title")}
                onChange={(event) => setTitle(event.currentTarget.value)}
              />
              {make.error && <Failed problem={make.error} />}
              <Group justify="flex-end">
                {outdated && (
                  <Button
                    variant="default"
                    renderRoot={(props) => (
                      <Link to="/proposals/templates/$id" params={{ id: String(chosen) }} {...props} />
                    )}
                  >
                    Mend the template
                  </Button>
                )}
                <Button type="submit" loading={make.isPending}>
                  Make the draft
                </Button>
              </Group>
            </Stack>
          </form>
        </Block>
      )}
    </Page>
  );
}
