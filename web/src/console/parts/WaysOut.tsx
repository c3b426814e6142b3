/** The ways out of a difference as buttons; what was taken says so, with Undo. */

import { Button } from "@mantine/core";
import { type BooksDifference, settleDifference, undoDifference, type Way } from "../data/differences";
import { useMay } from "../data/session";
import { Failed } from "./Failed";
import { ResolveButton } from "./ResolveDifference";
import { useAct } from "./act";

const BUTTONS: Record<Way, { word: string; hint: string }> = {
  restore: { word: "Restore ours", hint: "Writes our values to QuickBooks again" },
  accept: { word: "Accept theirs", hint: "What stands in QuickBooks is right" },
  unlink: { word: "Stop following", hint: "What becomes of it in QuickBooks is no longer shown here" },
};

const ENDED: Record<string, string> = {
  accepted: "Theirs is accepted.",
  restoring: "Ours is being written to QuickBooks…",
  restored: "Ours stands in QuickBooks again.",
  unlinked: "No longer followed in QuickBooks.",
  undoing: "Theirs is being written to QuickBooks again…",
  over: "It was put right in QuickBooks.",
};

export function WaysOut({ difference, short = false }: { difference: BooksDifference; short?: boolean }) {
  const may = useMay();
  const settle = useAct((way: Way) => settleDifference(difference.id, way));
  const undo = useAct(() => undoDifference(difference.id));
  const problem = settle.error ?? undo.error;
  const shown = short ? difference.ways_out.slice(0, 2) : difference.ways_out;
  if (difference.resolved_at !== null)
    return (
      <>
        <span role="status">{ENDED[difference.resolution ?? ""] ?? "Settled by a person."}</span>
        {difference.can_undo && may("books:write") && (
          <Button variant="default" size="xs" loading={undo.isPending} onClick={() => undo.mutate()}>
            Undo
          </Button>
        )}
        {problem && <Failed problem={problem} />}
      </>
    );
  if (!may("books:write")) return null;
  if (shown.length === 0) return <ResolveButton difference={difference} />;
  return (
    <>
      {shown.map((way) => (
        <Button
          key={way}
          size="xs"
          variant={way === shown[0] ? "filled" : "default"}
          title={BUTTONS[way].hint}
          loading={settle.isPending && settle.variables === way}
          disabled={settle.isPending}
          onClick={() => settle.mutate(way)}
        >
          {BUTTONS[way].word}
        </Button>
      ))}
      {problem && <Failed problem={problem} />}
    </>
  );
}
