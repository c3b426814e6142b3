/** One mail: what it says, where it went, and sending it again. */

import { Alert, Button, Group, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { formatMoment } from "../../words/dates";
import { attachedWord, dismissMail, kindWord, mailQuery, type MailWithContent, sendMailAgain } from "../data/mail";
import { useMay } from "../data/session";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { MailPreview } from "../parts/MailPreview";
import { State } from "../parts/Money";
import { Block, Facts, Page } from "../parts/Page";
import { RecordBones } from "../parts/RecordBones";

const PARENT = { to: "/mail", label: "Mail" };

export function MailMessage() {
  const id = Number(useParams({ from: "/office/mail/$id" }).id);
  const mail = useQuery(mailQuery(id));
  if (mail.error) {
    return (
      <Page title="Mail" parent={PARENT}>
        <Failed problem={mail.error} onRetry={() => void mail.refetch()} />
      </Page>
    );
  }
  if (!mail.data) {
    return (
      <Page title="Mail" parent={PARENT}>
        <RecordBones />
      </Page>
    );
  }
  const { data } = mail;
  return (
    <Page title={data.subject} parent={PARENT} beside={<State kind="mail" state={data.state} />}>
      <div className="mail-columns">
        <Block title="Content">
          <MailPreview html={data.html} title="The mail as it looks" />
          <details className="mail-plain">
            <summary>Plain text</summary>
            <pre>{data.text}</pre>
          </details>
        </Block>
        <div>
          <Again key={data.recipient} mail={data} />
          <Block title="Delivery">
            <Facts
              facts={[
                ["Kind", kindWord(data.kind)],
                ["To", data.recipient || "No address"],
                ["Written", formatMoment(data.created_at)],
                ["Sent", data.sent_at ? formatMoment(data.sent_at) : "Not yet"],
                ["Attached", attachedWord(data.paper_kind)],
                ["Tries", data.attempts],
                [
                  "Proposal",
                  data.proposal_id ? (
                    <Link to="/proposals/$id" params={{ id: String(data.proposal_id) }}>
                      Proposal {data.proposal_id}
                    </Link>
                  ) : (
                    "None"
                  ),
                ],
              ]}
            />
          </Block>
        </div>
      </div>
    </Page>
  );
}

function Again({ mail }: { mail: MailWithContent }) {
  const may = useMay()("proposals:write");
  const [to, setTo] = useState(mail.recipient);
  const send = useAct(() => sendMailAgain(mail.id, to));
  const dismiss = useAct(() => dismissMail(mail.id));
  const needsSomebody = (mail.state === "failed" || mail.state === "bounced") && !mail.dismissed_at;
  const underWay = mail.state === "queued" || mail.state === "sending";
  return (
    <Block title="Send" acts>
      {mail.problem && (
        <Alert mb="sm" color={needsSomebody ? "red" : "yellow"}>
          {mail.problem}
        </Alert>
      )}
      {may && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            send.mutate();
          }}
        >
          <TextInput
            label="Address"
            type="email"
            maxLength={254}
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
          {(send.error ?? dismiss.error) && <Failed problem={(send.error ?? dismiss.error) as Error} />}
          <Group mt="sm" gap="xs">
            <Button type="submit" loading={send.isPending} disabled={underWay}>
              {mail.sent_at ? "Send again" : "Send"}
            </Button>
            {needsSomebody && (
              <Button variant="default" loading={dismiss.isPending} onClick={() => dismiss.mutate()}>
                Nothing to do
              </Button>
            )}
          </Group>
        </form>
      )}
    </Block>
  );
}
