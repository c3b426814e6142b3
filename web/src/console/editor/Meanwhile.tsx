/** Two people wrote one draft: who was first and when, what differs, and whose words to keep. Both stay at hand. */

import { Button, Group, List } from "@mantine/core";
import { useState } from "react";
import { formatMoment } from "../../words/dates";
import type { Proposal } from "../data/proposals";
import { changesBetween, type Offered } from "../parts/versionChanges";

type MeanwhileProps = { theirs: Proposal; mine: Offered; onTake: () => void; onKeep: () => void };

export function Meanwhile({ theirs, mine, onTake, onKeep }: MeanwhileProps) {
  const [looking, setLooking] = useState(false);
  const who = theirs.revised_by ?? "Somebody else";
  const changes = changesBetween(mine, theirs);
  return (
    <section className="notice amber meanwhile" role="alertdialog" aria-labelledby="meanwhile" aria-describedby="meanwhile-words">
      <h2 id="meanwhile">{who} changed this draft while you were writing</h2>
      <p id="meanwhile-words">
        That was {formatMoment(theirs.revised_at)}. Nothing is lost: yours is here, theirs is saved. Whichever you
        keep, the other can be brought back with Undo.
      </p>
      <Group gap="xs">
        <Button variant="default" size="xs" aria-expanded={looking} onClick={() => setLooking(!looking)}>
          {looking ? "Hide what differs" : "Look at theirs"}
        </Button>
        <Button variant="default" size="xs" onClick={onTake}>
          Take theirs
        </Button>
        <Button size="xs" onClick={onKeep}>
          Keep mine
        </Button>
      </Group>
      {looking && (
        <div className="meanwhile-changes">
          <p>Yours → theirs:</p>
          {changes.length === 0 && <p>Nothing that the customer would see differs.</p>}
          <List size="sm">
            {changes.map((change) => (
              <List.Item key={change}>{change}</List.Item>
            ))}
          </List>
        </div>
      )}
    </section>
  );
}
