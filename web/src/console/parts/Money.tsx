/** An amount in tabular figures with its currency, and a state in its word and tone. */

import { formatMoney } from "../../words/money";
import { formatAgo, formatMoment } from "../../words/dates";
import { stateWord, type StateKind } from "../../words/states";

export function Money({ minor, currency }: { minor: number; currency: string }) {
  return <span className="money">{formatMoney(minor, currency)}</span>;
}

export function State({ kind, state }: { kind: StateKind; state: string }) {
  const { word, tone } = stateWord(kind, state);
  if (word === "—") return <span className="quiet">—</span>;
  return <span className={`pill ${tone}`}>{word}</span>;
}

/** How long ago, with the exact moment on hover. */
export function Ago({ at }: { at: string }) {
  return (
    <time dateTime={at} title={formatMoment(at)}>
      {formatAgo(at)}
    </time>
  );
}
