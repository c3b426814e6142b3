/** The books at a glance: the connection, what needs a person, and what waits. */

import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { overviewQuery } from "../data/books";
import { Connection } from "../parts/Connection";
import { Failed } from "../parts/Failed";
import { Block } from "../parts/Page";
import { Postings } from "../parts/Postings";
import { RecordBones } from "../parts/RecordBones";

export function BooksOverview() {
  const { connected, detail: refused } = useSearch({ from: "/office/books/" });
  const { data, error, refetch } = useQuery(overviewQuery);
  return (
    <>
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
      {!data && !error && <RecordBones />}
      {data && (
        <>
          <Connection overview={data} managed />
          {data.payments.needs_you_count > 0 && (
            <Block title="Needs you" flush actions={<Link to="/books/needs-you">Show all</Link>}>
              <Postings state="needs_you" />
            </Block>
          )}
          <Block title="Waiting" flush actions={<Link to="/books/waiting">Show all</Link>}>
            <Postings state="waiting" />
          </Block>
        </>
      )}
    </>
  );
}
