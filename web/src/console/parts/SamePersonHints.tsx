/** Leads and customers who may be the same person, and the two answers a person can give. */

import { Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { decideSamePerson, samePersonQuery, type SamePerson } from "../data/customers";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Ago, State } from "./Money";
import { Block } from "./Page";

const BY = { email: "e-mail", phone: "phone number", address: "address" };

export function SamePersonHints({ leadId, mayDecide }: { leadId: number; mayDecide: boolean }) {
  const { data, error, refetch } = useQuery(samePersonQuery(leadId));
  const decide = useAct(
    ({ who, same }: { who: SamePerson; same: boolean }) =>
      decideSamePerson(leadId, { kind: who.kind, id: who.id, same }),
    { refresh: ["leads", "customers"] },
  );
  if (error && !data) return <Failed problem={error} onRetry={() => void refetch()} />;
  if (!data || data.length === 0) return null;
  return (
    <Block title="Is it the same person?" acts>
      {decide.error && <Failed problem={decide.error} />}
      <ul className="same-people">
        {data.map((who) => (
          <li key={`${who.kind}-${who.id}`}>
            <div>
              <Link
                to={who.kind === "customer" ? "/customers/$id" : "/leads/$id"}
                params={{ id: String(who.id) }}
              >
                {who.name}
              </Link>{" "}
              {who.status ? <State kind="lead" state={who.status} /> : <span className="pill green">Customer</span>}
              <p className="quiet">
                The same {said(who.same)} · added <Ago at={who.created_at} />
              </p>
            </div>
            {mayDecide && (
              <Group gap="xs">
                <Button
                  size="compact-sm"
                  variant="default"
                  loading={decide.isPending}
                  onClick={() => decide.mutate({ who, same: false })}
                  aria-label={`${who.name} is not the same person`}
                >
                  Not the same
                </Button>
                <Button
                  size="compact-sm"
                  loading={decide.isPending}
                  onClick={() => decide.mutate({ who, same: true })}
                  aria-label={`${who.name} is the same person`}
                >
                  It is the same person
                </Button>
              </Group>
            )}
          </li>
        ))}
      </ul>
    </Block>
  );
}

function said(same: SamePerson["same"]): string {
  const words = same.map((by) => BY[by]);
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
