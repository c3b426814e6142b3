/** One accent per org, made readable: the brand's colour, darkened or lightened until its contrast holds. */

export const DEFAULT_ACCENT = "#1b4f8f";
export const LIGHT_PAGE = "#f4f5f7";
export const DARK_PAGE = "#1c2027";
/** WCAG 2.2 AA asks for 4.5:1; a little more leaves room for tinted backgrounds. */
const CONTRAST_MIN = 4.9;
const STEP = 0.04;

export type Accent = {
  /** Behind white text. */
  fill: string;
  /** As text or outline on a light page. */
  onLight: string;
  /** As text or outline on a dark page. */
  onDark: string;
};

/** Returns the accent of a brand colour (`#rrggbb`); anything else gives the product's own blue. */
export function accentOf(brand: string | null | undefined): Accent {
  const base = parse(brand ?? "") ?? parse(DEFAULT_ACCENT) ?? [27, 79, 143];
  return {
    fill: mixUntil(base, [0, 0, 0], "#ffffff"),
    onLight: mixUntil(base, [0, 0, 0], LIGHT_PAGE),
    onDark: mixUntil(base, [255, 255, 255], DARK_PAGE),
  };
}

/** Returns ten shades of a brand colour, light to dark; the seventh is the one that stands behind white text. */
export function shadesOf(brand: string | null | undefined): string[] {
  const fill = parse(accentOf(brand).fill) ?? [27, 79, 143];
  const towards = (end: number, share: number) => hex(fill.map((part) => part + (end - part) * share) as Rgb);
  const lighter = [0.93, 0.84, 0.7, 0.54, 0.36, 0.16].map((share) => towards(255, share));
  return [...lighter, hex(fill), ...[0.14, 0.28, 0.42].map((share) => towards(0, share))];
}

/** Returns the contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(one: string, other: string): number {
  const [a, b] = [luminance(parse(one) ?? [0, 0, 0]), luminance(parse(other) ?? [0, 0, 0])];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

type Rgb = [number, number, number];

function mixUntil(base: Rgb, towards: Rgb, against: string): string {
  for (let share = 0; share < 1; share += STEP) {
    const mixed = hex(base.map((part, i) => part + ((towards[i] ?? 0) - part) * share) as Rgb);
    if (contrast(mixed, against) >= CONTRAST_MIN) return mixed;
  }
  return hex(towards);
}

function parse(color: string): Rgb | null {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color.trim());
  if (!match) return null;
  return [match[1], match[2], match[3]].map((part) => Number.parseInt(part ?? "0", 16)) as Rgb;
}

function hex(rgb: Rgb): string {
  return `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

function luminance(rgb: Rgb): number {
  const [r = 0, g = 0, b = 0] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
