/** Says while a colour is chosen how well it can be read, and which shade is used where it cannot. */

import { accentOf, contrast, DARK_PAGE, LIGHT_PAGE } from "../../look/accent";

export const COLOR = /^#[0-9a-f]{6}$/i;

export function ColorCheck({ color }: { color: string }) {
  const chosen = color.trim().toLowerCase();
  if (chosen === "") return <p className="quiet">Without a colour of your own the product’s blue is used.</p>;
  if (!COLOR.test(chosen)) return <p className="quiet">A colour is written like #1f5fae.</p>;
  const { fill, onLight, onDark } = accentOf(chosen);
  return (
    <ul className="color-checks" aria-label="How well it can be read" aria-live="polite">
      <Check where="White words on a button" chosen={chosen} used={fill} ratio={contrast(chosen, "#ffffff")} />
      <Check where="Links on a light page" chosen={chosen} used={onLight} ratio={contrast(chosen, LIGHT_PAGE)} />
      <Check where="Links on a dark page" chosen={chosen} used={onDark} ratio={contrast(chosen, DARK_PAGE)} />
    </ul>
  );
}

function Check({ where, chosen, used, ratio }: { where: string; chosen: string; used: string; ratio: number }) {
  const good = used === chosen;
  return (
    <li>
      <span className="swatch" style={{ background: used }} aria-hidden="true" />
      <span>
        {where}: contrast {ratio.toFixed(1)} to 1.{" "}
        <strong className={good ? "good" : "weak"}>{good ? "Easy to read." : `Too weak, so ${used} is used there.`}</strong>
      </span>
    </li>
  );
}
