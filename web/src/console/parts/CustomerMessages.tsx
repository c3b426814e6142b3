/** The customer's questions and wishes about a proposal, and a field to answer; shown once there is something. */

import { Button, Stack, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { answerCustomer, messagesQuery } from "../data/messages";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Ago } from "./Money";
import { Block } from "./Page";

const TEXT_MAX = 2000;
const WHO = { question: "The customer asks", changes: "The customer asks for changes", answer: "You answered" };

export function CustomerMessages({ proposalId }: { proposalId: number }) {
  const may = useMay();
  const { data, error, refetch } = useQuery(messagesQuery(proposalId));
  if (error && !data) {
    return (
      <Block title="Messages">
        <Failed problem={error} onRetry={() => void refetch()} />
      </Block>
    );
  }
  if (!data || data.length === 0) return null;
  return (
    <Block title="Messages">
      <Stack gap="sm">
        {data.map((message) => (
          <div key={message.id}>
            <div className="small-print">
              {WHO[message.kind]} · <Ago at={message.created_at} />
            </div>
            <div className="terms">{message.text}</div>
          </div>
        ))}
        {may("proposals:write") && <Answer proposalId={proposalId} />}
      </Stack>
    </Block>
  );
}

function Answer({ proposalId }: { proposalId: number }) {
  const [text, setText] = useState("");
  // One key per answer: pressing twice, or again after a lost connection, answers once.
  const [key, setKey] = useState(idempotencyKey);
  const act = useAct(() => answerCustomer(proposalId, text.trim(), key), {
    refresh: ["proposals"],
    onDone: () => {
      setText("");
      setKey(idempotencyKey());
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) act.mutate();
      }}
    >
      <Stack gap="xs">
        <Textarea
          label="Your answer"
          description="The customer reads it on their page."
          autosize
          minRows={2}
          maxLength={TEXT_MAX}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {act.error && <Failed problem={act.error} />}
        <div>
          <Button type="submit" loading={act.isPending} disabled={!text.trim()}>
            Send answer
          </Button>
        </div>
      </Stack>
    </form>
  );
}
