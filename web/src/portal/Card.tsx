/** The small parts that the cards of the moment share: a state card, the three steps, a row of figures. */

import type { Stage } from "./view";
import { useWords } from "./words";

type CardProps = {
  stage: Stage;
  tone: string;
  title: string;
  busy?: boolean;
  children: React.ReactNode;
};

/** A state of the money or the proposal, said to screen readers when it changes. */
export function Card({ stage, tone, title, busy = false, children }: CardProps) {
  return (
    <section className={`card state ${tone}`} role="status" data-stage={stage} aria-busy={busy}>
      <h2 tabIndex={-1}>
        {busy && <span className="spinner" aria-hidden="true" />}
        {title}
      </h2>
      {children}
    </section>
  );
}

/** Review, sign, pay: where the homeowner stands. */
export function Steps({ at }: { at: number }) {
  const { t } = useWords();
  return (
    <ol className="steps" aria-label={t.step(at + 1, t.steps.length)}>
      {t.steps.map((step, i) => (
        <li key={step} className={i < at ? "done" : i === at ? "current" : ""} aria-current={i === at ? "step" : undefined}>
          {step}
        </li>
      ))}
    </ol>
  );
}

export function Row({ name, value, strong = false }: { name: string; value: string; strong?: boolean }) {
  return (
    <div className={strong ? "row strong" : "row"}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
