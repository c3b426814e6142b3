/** What the homeowner gets: the options to compare, the lines by section, the extras to tick, and the sum. */

import { Row } from "./Card";
import type { Choice } from "./useChoice";
import { linesOf, type Line, type PortalView } from "./view";
import { Wrong } from "./Wrong";
import { useWords } from "./words";

/** What an option's card lists of its own lines; the rest stands below under "What is included". */
const OPTION_LINES_MAX = 8;

type Props = { view: PortalView; choice: Choice; choosing: boolean };

export function Options({ view, choice, choosing }: Props) {
  const { t, money } = useWords();
  // Declined or expired: nobody chose anything, so all that was offered is shown.
  const chosen = view.signer_name !== null;
  const shown = chosen ? view.options.filter((option) => option.id === choice.optionId) : view.options;
  return (
    <fieldset className="options">
      <legend>{choosing ? t.chooseOption : chosen ? t.chosen : t.offered}</legend>
      <div className="option-cards">
        {shown.map((option) => (
          <label key={option.id} className={option.id === choice.optionId && (choosing || chosen) ? "option chosen" : "option"}>
            <span className="option-head">
              {choosing && (
                <input
                  type="radio"
                  name="option"
                  checked={option.id === choice.optionId}
                  onChange={() => choice.choose(option.id)}
                />
              )}
              <span className="option-name">{option.name}</span>
            </span>
            <span className="option-price">{money(choice.priceOf(option.id).total_minor, view.currency)}</span>
            {option.description && <span className="option-words">{option.description}</span>}
            <span className="option-lines">
              {option.lines.slice(0, OPTION_LINES_MAX).map((line) => (
                <span key={line.id}>{line.name}</span>
              ))}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export function Included({ view, choice, choosing }: Props) {
  const { t, money } = useWords();
  const option = view.options.find((each) => each.id === choice.optionId);
  const lines = linesOf(view, choice.optionId).filter((line) => !line.optional);
  const own = new Set(option?.lines.map((line) => line.id));
  const extras = linesOf(view, choice.optionId).filter((line) => line.optional);
  const groups: [string | null, Line[]][] = option
    ? [
        [t.onlyIn(option.name), lines.filter((line) => own.has(line.id))],
        [t.inEveryOption, lines.filter((line) => !own.has(line.id))],
      ]
    : [[null, lines]];
  return (
    <section className="card" aria-labelledby="included">
        <h2 id="included">{t.included}</h2>
        {groups
          .filter(([, some]) => some.length > 0)
          .map(([name, some]) => (
            <div key={name ?? ""} className="group">
              {name && <h3>{name}</h3>}
              <Sections lines={some} currency={view.currency} level={name ? 4 : 3} />
            </div>
          ))}
        {extras.length > 0 && (
          <fieldset className="extras">
            <legend>{t.extra}</legend>
            {choosing && <p className="quiet small">{t.extrasLead}</p>}
            {extras.map((line) => (
              <Extra key={line.id} line={line} view={view} choice={choice} choosing={choosing} />
            ))}
          </fieldset>
        )}
        <Sum view={view} choice={choice} choosing={choosing} />
        {view.changes_minor !== 0 && (
          <dl className="sum changes">
            <Row name={t.changeOrders} value={money(view.changes_minor, view.currency)} />
          </dl>
        )}
    </section>
  );
}

/** The lines under the headings that the contractor gave them, in the order in which the headings first come. */
function Sections({ lines, currency, level }: { lines: Line[]; currency: string; level: 3 | 4 }) {
  const { t } = useWords();
  const sections = new Map<string, Line[]>();
  for (const line of lines) sections.set(line.section, [...(sections.get(line.section) ?? []), line]);
  if (sections.size === 1 && sections.has("")) return <Lines lines={lines} currency={currency} />;
  const Heading = level === 3 ? "h3" : "h4";
  return [...sections].map(([section, some]) => (
    <div key={section}>
      <Heading className="section-name">{section || t.otherItems}</Heading>
      <Lines lines={some} currency={currency} />
    </div>
  ));
}

function Lines({ lines, currency }: { lines: Line[]; currency: string }) {
  const { money } = useWords();
  return (
    <ul className="lines">
      {lines.map((line) => (
        <li key={line.id}>
          <span className="line-name">{line.name}</span>
          <span className="line-amount">{money(line.amount_minor, currency)}</span>
          <LineWords line={line} currency={currency} />
        </li>
      ))}
    </ul>
  );
}

function LineWords({ line, currency }: { line: Line; currency: string }) {
  const { t, money } = useWords();
  const discount =
    line.discount_minor > 0 ? money(line.discount_minor, currency) : Number(line.discount_percent) > 0 ? `${line.discount_percent} %` : null;
  return (
    <span className="line-words">
      {line.description && <span className="line-description">{line.description}</span>}
      <span className="line-each">
        {line.unit
          ? `${line.quantity} ${line.unit} × ${money(line.unit_price_minor, currency)}`
          : `${line.quantity} × ${money(line.unit_price_minor, currency)} ${t.each}`}
        {discount && ` · ${t.discount(discount)}`}
      </span>
    </span>
  );
}

function Extra({ line, view, choice, choosing }: { line: Line } & Props) {
  const { t, money } = useWords();
  const on = choice.extras.includes(line.id);
  const words = (
    <>
      <span className="line-name">{line.name}</span>
      <span className="line-amount">{money(line.amount_minor, view.currency)}</span>
      <LineWords line={line} currency={view.currency} />
    </>
  );
  if (!choosing) {
    return (
      <div className={on ? "extra on" : "extra"}>
        <span className={on ? "pill green" : "pill neutral"}>{on ? t.added : t.notAdded}</span>
        <span className="extra-words">{words}</span>
      </div>
    );
  }
  return (
    <label className={on ? "extra on" : "extra"}>
      <input type="checkbox" checked={on} onChange={(event) => choice.tick(line.id, event.target.checked)} />
      <span className="extra-words">{words}</span>
    </label>
  );
}

function Sum({ view, choice, choosing }: Props) {
  const { t, money } = useWords();
  const { price, pending, problem } = choice;
  const deposit = view.payments.find((payment) => payment.key === "deposit");
  const due = deposit && deposit.id !== null ? deposit.amount_minor : price.deposit_minor;
  return (
    <>
      <dl className="sum" aria-busy={pending}>
        {price.tax_minor !== 0 && (
          <>
            <Row name={t.subtotal} value={money(price.subtotal_minor, view.currency)} />
            <Row name={t.tax} value={money(price.tax_minor, view.currency)} />
          </>
        )}
        <Row name={t.totalLine} value={money(price.total_minor, view.currency)} strong />
        {choosing && <Row name={t.depositNow} value={money(due, view.currency)} />}
        {choosing && price.total_minor > due && <Row name={t.rest} value={money(price.total_minor - due, view.currency)} />}
      </dl>
      {problem && (
        <div className="stack">
          <Wrong problem={problem} />
          <button type="button" className="secondary" onClick={choice.retry}>
            {t.tryAgain}
          </button>
        </div>
      )}
    </>
  );
}
