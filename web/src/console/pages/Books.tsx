/** The books: the connection, what waits, what needs a person, what differs, and every request that was sent. */

import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { type Overview, overviewQuery } from "../data/books";
import { Connection } from "../parts/Connection";
import { Differences } from "../parts/Differences";
import { Failed } from "../parts/Failed";
import { FailedJobs } from "../parts/FailedJobs";
import { Page } from "../parts/Page";
import { Postings } from "../parts/Postings";
import { RecordBones } from "../parts/RecordBones";
import { RequestLog } from "../parts/RequestLog";
import { BOOKS_TABS, type BooksTab } from "../router";

const TITLES: Record<BooksTab, string> = {
  "needs-you": "Needs you",
  waiting: "Waiting",
  posted: "In the books",
  differences: "Differences",
  log: "Sync log",
};

export function Books() {
  const { tab, connected, detail: refused } = useSearch({ from: "/office/books" });
  const navigate = useNavigate({ from: "/books" });
  const { data, error, refetch } = useQuery(overviewQuery);
  // Chosen once: the tab must not move away under somebody who just mended its last row.
  const [first, setFirst] = useState<BooksTab>();
  if (data && !first) setFirst(data.payments.needs_you_count === 0 ? "waiting" : "needs-you");
  const shown = tab ?? first ?? "needs-you";

  return (
    <Page title="Books">
      {connected && (
        <p className="notice green" role="status">
          QuickBooks is connected. What waited is being posted now.
        </p>
      )}
      {refused && (
        <p className="notice red" role="alert">
          {refused}
        </p>
      )}
      {error && !data && <Failed problem={error} onRetry={() => void refetch()} />}
      {data ? <Connection overview={data} managed /> : !error && <RecordBones />}
      <Tabs
        value={shown}
        onChange={(value) => void navigate({ search: { tab: value as BooksTab } })}
        keepMounted={false}
        mt="md"
      >
        <Tabs.List aria-label="Books">
          {BOOKS_TABS.map((each) => (
            <Tabs.Tab key={each} value={each} rightSection={data && countOf(each, data)}>
              {TITLES[each]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="needs-you">
          <Postings state="needs_you" />
          <FailedJobs />
        </Tabs.Panel>
        <Tabs.Panel value="waiting">
          <Postings state="waiting" />
        </Tabs.Panel>
        <Tabs.Panel value="posted">
          <Postings state="posted" />
        </Tabs.Panel>
        <Tabs.Panel value="differences">
          <Differences />
        </Tabs.Panel>
        <Tabs.Panel value="log">
          <RequestLog />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function countOf(tab: BooksTab, { payments, needs_you: needs }: Overview): React.ReactNode {
  const waiting = payments.waiting_count - payments.needs_you_count;
  if (tab === "needs-you" && payments.needs_you_count > 0) return <span className="count">{payments.needs_you_count}</span>;
  if (tab === "waiting" && waiting > 0) return <span className="count calm">{waiting}</span>;
  const differences = needs.filter((need) => need.kind === "difference").length;
  return tab === "differences" && differences > 0 ? <span className="count">{differences}</span> : null;
}
