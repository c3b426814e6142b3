/** The sync log: every request to QuickBooks, narrowed by what a bookkeeper knows of it. */

import { Button, Group, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { stateWord } from "../../words/states";
import { useListing } from "../data/pages";
import { callsQuery, choicesQuery, csvAddress, type LogFilter, OUTCOMES } from "../data/syncLog";
import { CallTable } from "../parts/CallTable";
import { Block, Empty } from "../parts/Page";
import { Search } from "../parts/Search";
import { subjectWords } from "../parts/words";

const COST = [
  { value: "yes", label: "Metered reads" },
  { value: "no", label: "Free" },
];

export function BooksLog() {
  const filter = useSearch({ from: "/office/books/log" });
  const navigate = useNavigate({ from: "/books/log" });
  const narrow = (change: LogFilter) => void navigate({ search: { ...filter, ...change }, replace: true });
  const listing = useListing(callsQuery(filter));
  const { data: choices } = useQuery(choicesQuery);
  const narrowed = Object.values(filter).some((value) => value !== undefined);
  return (
    <Block
      title="Sync log"
      flush
      actions={
        <Button component="a" href={csvAddress(filter)} download variant="default" size="xs">
          Export CSV
        </Button>
      }
    >
      <div className="log-search">
        <Search label="Name, number, words or intuit_tid" value={filter.q ?? ""} onChange={(q) => narrow({ q: q || undefined })} />
      </div>
      <Group className="log-filters" gap="xs" align="end" role="search" aria-label="Narrow the sync log">
        <Select
          label="Answer"
          placeholder="All"
          clearable
          value={filter.outcome ?? null}
          data={OUTCOMES.map((value) => ({ value, label: stateWord("call", value).word }))}
          onChange={(value) => narrow({ outcome: OUTCOMES.find((each) => each === value) })}
        />
        <Select
          label="Operation"
          placeholder="All"
          clearable
          searchable
          value={filter.operation ?? null}
          data={(choices?.operations ?? []).map((value) => ({ value, label: sentenceCase(value) }))}
          onChange={(value) => narrow({ operation: value ?? undefined })}
        />
        <Select
          label="Code"
          placeholder="All"
          clearable
          value={filter.code ?? null}
          data={choices?.codes ?? []}
          onChange={(value) => narrow({ code: value ?? undefined })}
        />
        <Select
          label="Cost"
          placeholder="All"
          clearable
          value={filter.metered ?? null}
          data={COST}
          onChange={(value) => narrow({ metered: value === "yes" || value === "no" ? value : undefined })}
        />
        <TextInput
          label="From"
          type="date"
          value={filter.since ?? ""}
          onChange={(event) => narrow({ since: event.currentTarget.value || undefined })}
        />
        <TextInput
          label="To"
          type="date"
          value={filter.until ?? ""}
          onChange={(event) => narrow({ until: event.currentTarget.value || undefined })}
        />
      </Group>
      {filter.subject && (
        <p className="usage">
          Only what was asked for {subjectWords(filter.subject)}.{" "}
          <Button variant="subtle" size="compact-xs" onClick={() => narrow({ subject: undefined })}>
            Show all
          </Button>
        </p>
      )}
      <CallTable
        label="Sync log"
        listing={listing}
        empty={
          narrowed ? (
            <Empty
              action={
                <Button variant="default" mt="sm" onClick={() => void navigate({ search: {}, replace: true })}>
                  Show everything
                </Button>
              }
            >
              No request fits. Requests are kept for 90 days.
            </Empty>
          ) : (
            <Empty>Nothing was asked of QuickBooks yet. Every request will stand here, with its answer.</Empty>
          )
        }
      />
    </Block>
  );
}

function sentenceCase(name: string): string {
  const words = name.replaceAll("_", " ");
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}
