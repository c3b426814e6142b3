/** One request to QuickBooks: what for, what came of it, what was sent and answered, and what can be done. */

import { Button, Code, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { formatMoment } from "../../words/dates";
import { retryPosting } from "../data/books";
import { useMay } from "../data/session";
import { type CallDetail, callQuery } from "../data/syncLog";
import { BatchItems } from "../parts/BatchItems";
import { CallTable, took } from "../parts/CallTable";
import { Failed } from "../parts/Failed";
import { State } from "../parts/Money";
import { Block, Empty, Facts } from "../parts/Page";
import { RecordBones } from "../parts/RecordBones";
import { useAct } from "../parts/act";
import { subjectWords } from "../parts/words";

export function BooksCall() {
  const id = Number(useParams({ from: "/office/books/log/$id" }).id);
  const { data, error, refetch } = useQuery(callQuery(id));
  if (!data) return error ? <Failed problem={error} onRetry={() => void refetch()} /> : <RecordBones />;
  return (
    <>
      <p className="back">
        <Link to="/books/log" className="quiet-link">
          ← Sync log
        </Link>
      </p>
      <Block title={data.doing} actions={<State kind="call" state={data.outcome} />}>
        <p className="call-sentence">{data.sentence}</p>
        <Facts facts={facts(data)} />
        <Stand call={data} />
      </Block>
      {data.in_batch.length > 0 && (
        <Block title={`In this batch (${data.in_batch.length})`} flush>
          <BatchItems items={data.in_batch} onRetry={() => void refetch()} />
        </Block>
      )}
      <Block title="What we sent">
        <Text text={data.request} none="A question without a body; it stands in the address above." />
      </Block>
      <Block title={data.status ? `What QuickBooks answered (HTTP ${data.status})` : "No answer came"}>
        <Text text={data.answer} none="An empty answer." />
      </Block>
      {data.subject && (
        <Block title={`Also asked for ${subjectWords(data.subject)}`} flush>
          <CallTable
            label="Other requests for the same"
            listing={{ items: data.same_subject, problem: null, retry: () => void refetch(), more: null, loadingMore: false }}
            empty={<Empty>Nothing else was asked for this.</Empty>}
          />
        </Block>
      )}
    </>
  );
}

function facts(call: CallDetail): [string, React.ReactNode][] {
  const write = call.write;
  return [
    ["When", `${formatMoment(call.at)}, took ${took(call.milliseconds)}`],
    ["Address", <code key="path">{`${call.method} ${call.path}${call.params ? `?${call.params}` : ""}`}</code>],
    ["Cost", call.metered ? "One metered read" : "Free"],
    ...(call.code ? [["Code", call.code] as [string, React.ReactNode]] : []),
    ...(call.intuit_tid ? [["For Intuit’s support", <code key="tid">{call.intuit_tid}</code>] as [string, React.ReactNode]] : []),
    ...(write
      ? [
          ["Sent", `${write.attempts} ${write.attempts === 1 ? "time" : "times"} under one name, so that it happens once`] as [
            string,
            React.ReactNode,
          ],
          ["In QuickBooks", write.qbo_id ?? "—"] as [string, React.ReactNode],
        ]
      : []),
  ];
}

/** Where the payment stands now, and the button that its state calls for. */
function Stand({ call }: { call: CallDetail }) {
  const may = useMay();
  const posting = call.posting;
  const retry = useAct(() => retryPosting(posting?.id ?? 0));
  if (!posting) return null;
  return (
    <Group justify="space-between" mt="md" gap="sm">
      <Group gap="xs">
        <State kind="books" state={posting.state} />
        {call.proposal_id && (
          <Link to="/proposals/$id" params={{ id: String(call.proposal_id) }}>
            Proposal {call.proposal_id}
          </Link>
        )}
      </Group>
      {may("books:write") && (posting.state === "needs_you" || posting.state === "waiting") && (
        <Button variant="default" size="xs" loading={retry.isPending} onClick={() => retry.mutate()}>
          Try again
        </Button>
      )}
      {retry.error && <Failed problem={retry.error} />}
    </Group>
  );
}

/** JSON is laid out; anything else is shown as it came. */
function Text({ text, none }: { text: string; none: string }) {
  if (!text) return <p className="quiet">{none}</p>;
  return (
    <Code block className="payload" tabIndex={0}>
      {laidOut(text)}
    </Code>
  );
}

function laidOut(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
