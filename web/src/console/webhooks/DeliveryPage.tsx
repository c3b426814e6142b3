/** One message: what was sent, every attempt at it with the answer, and sending it again. */

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { formatMoment } from "../../words/dates";
import { type Attempt, type DeliveryInFull, deliveryQuery, endpointQuery, eventWord, resendDelivery } from "../data/webhooks";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Ago, State } from "../parts/Money";
import { Block, Empty, Facts, Page } from "../parts/Page";
import { RecordBones } from "../parts/RecordBones";
import { OwnersOnly } from "../settings/OwnersOnly";

const PARENT = { to: "/settings/webhooks", label: "Webhooks" };

export function DeliveryPage() {
  return (
    <OwnersOnly title="Message" what="manage webhooks">
      <One />
    </OwnersOnly>
  );
}

function One() {
  const id = Number(useParams({ from: "/office/settings/webhooks/deliveries/$id" }).id);
  const { data, error, refetch } = useQuery(deliveryQuery(id));
  const endpoint = useQuery({ ...endpointQuery(data?.endpoint_id ?? 0), enabled: data !== undefined, retry: false });
  const resend = useAct(() => resendDelivery(id), { refresh: ["webhooks"] });
  if (!data) {
    return (
      <Page title="Message" parent={PARENT}>
        {error ? <Failed problem={error} onRetry={() => void refetch()} /> : <RecordBones />}
      </Page>
    );
  }
  return (
    <Page
      title={eventWord(data.type)}
      parent={PARENT}
      beside={<State kind="delivery" state={data.state} />}
      actions={
        data.state !== "dropped" && (
          <Button variant="default" loading={resend.isPending} onClick={() => resend.mutate()}>
            Send it again
          </Button>
        )
      }
    >
      {resend.error && <Failed problem={resend.error} />}
      <Block title="Message">
        <Facts facts={factsOf(data, endpoint.data?.url)} />
      </Block>
      <Block title="Attempts">
        {data.attempts.length === 0 ? (
          <Empty>{data.state === "dropped" ? "It was never tried." : "On its way; the answer appears here within seconds."}</Empty>
        ) : (
          <ol className="attempts">
            {data.attempts.map((attempt) => (
              <AttemptRow key={`${attempt.started_at} ${attempt.duration_ms}`} attempt={attempt} />
            ))}
          </ol>
        )}
      </Block>
      <Block title="What is sent">
        <pre className="payload">{JSON.stringify(data.payload, null, 2)}</pre>
      </Block>
    </Page>
  );
}

function factsOf(data: DeliveryInFull, url: string | undefined): [string, React.ReactNode][] {
  const facts: [string, React.ReactNode][] = [
    ["Id", <code key="id">{data.event_id}</code>],
    [
      "To",
      url ? (
        <Link key="to" to="/settings/webhooks/$id" params={{ id: String(data.endpoint_id) }}>
          {url}
        </Link>
      ) : (
        "An address that was removed"
      ),
    ],
    ["Written", formatMoment(data.created_at)],
  ];
  if (data.delivered_at) facts.push(["Taken", formatMoment(data.delivered_at)]);
  if (data.state === "waiting" && data.tries > 0) {
    facts.push(["Next attempt", <Ago key="next" at={data.next_attempt_at} />]);
  }
  if (data.state === "failed") facts.push(["Given up", "It was not taken for three days. Send it again when the address works."]);
  if (data.state === "dropped") facts.push(["Dropped", "Its address was removed before it was taken."]);
  return facts;
}

function AttemptRow({ attempt }: { attempt: Attempt }) {
  return (
    <li>
      <div className="version-head">
        <span className={`pill ${attempt.ok ? "green" : "red"}`}>{attempt.status ?? "No answer"}</span>
        <span>{attempt.ok ? "Taken" : attempt.problem}</span>
        <span className="quiet">
          <Ago at={attempt.started_at} />, {attempt.duration_ms} ms
        </span>
      </div>
      {attempt.answer && <pre className="payload">{attempt.answer}</pre>}
    </li>
  );
}
