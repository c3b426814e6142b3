/** What the homeowner gets: the options to choose from, the lines, and the sum. */

import { Row } from "./Card";
import type { Line, PortalView, Price } from "./view";
import { useWords } from "./words";

type OptionsProps = {
  view: PortalView;
  chosen: number | null;
  /** Absent when there is nothing to choose any more. */
  onChoose: ((id: number) => void) | undefined;
};

export function Options({ view, chosen, onChoose }: OptionsProps) {
  const { t, money } = useWords();
  const shown = onChoose ? view.options : view.options.filter((option) => option.id === chosen);
  return (
    <fieldset className="options">
      <legend>{onChoose ? t.chooseOption : t.chosen}</legend>
      <div className="option-cards">
        {shown.map((option) => (
          <label key={option.id} className={option.id === chosen ? "option chosen" : "option"}>
            <span className="option-head">
              {onChoose && (
                <input
                  type="radio"
                  name="option"
                  checked={option.id === chosen}
                  onChange={() => onChoose(option.id)}
                />
              )}
              <span className="option-name">{option.name}</span>
            </span>
            <span className="option-price">{money(option.total_minor, view.currency)}</span>
            {option.description && <span className="option-words">{option.description}</span>}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

type IncludedProps = { view: PortalView; optionId: number | null; price: Price };

export function Included({ view, optionId, price }: IncludedProps) {
  const { t } = useWords();
  const option = view.options.find((each) => each.id === optionId);
  const groups: [string | null, Line[]][] = option
    ? [
        [t.onlyIn(option.name), option.lines],
        [t.inEveryOption, view.lines],
      ]
    : [[null, view.lines]];
  return (
    <section className="card" aria-labelledby="included">
      <h2 id="included">{t.included}</h2>
      {groups
        .filter(([, lines]) => lines.length > 0)
        .map(([name, lines]) => (
          <div key={name ?? ""}>
            {name && <h3>{name}</h3>}
            <Lines lines={lines} currency={view.currency} />
          </div>
        ))}
      <Sum price={price} currency={view.currency} paid={view.payment} />
    </section>
  );
}

function Lines({ lines, currency }: { lines: Line[]; currency: string }) {
  const { t, money } = useWords();
  return (
    <ul className="lines">
      {lines.map((line) => (
        <li key={line.id}>
          <span className="line-name">{line.name}</span>
          <span className="line-amount">{money(line.amount_minor, currency)}</span>
          <span className="line-words">
            {line.description && <span className="line-description">{line.description}</span>}
            <span className="line-each">
              {line.unit
                ? `${line.quantity} ${line.unit} × ${money(line.unit_price_minor, currency)}`
                : `${line.quantity} × ${money(line.unit_price_minor, currency)} ${t.each}`}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

type SumProps = { price: Price; currency: string; paid: PortalView["payment"] };

function Sum({ price, currency, paid }: SumProps) {
  const { t, money } = useWords();
  const deposit = paid.state === "due" ? price.deposit_minor : paid.amount_minor;
  return (
    <dl className="sum">
      {price.tax_minor !== 0 && (
        <>
          <Row name={t.subtotal} value={money(price.subtotal_minor, currency)} />
          <Row name={t.tax} value={money(price.tax_minor, currency)} />
        </>
      )}
      <Row name={t.totalLine} value={money(price.total_minor, currency)} strong />
      <Row name={t.depositNow} value={money(deposit, currency)} />
      {price.total_minor > deposit && <Row name={t.rest} value={money(price.total_minor - deposit, currency)} />}
    </dl>
  );
}
