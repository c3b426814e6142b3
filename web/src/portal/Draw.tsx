/** Where a signature is drawn: strokes of a finger, pen or mouse as an SVG path in a box of 600 by 200. */

import { useRef, useState } from "react";
import { useWords } from "./words";

const WIDTH = 600;
const HEIGHT = 200;
/** Points nearer than this to the one before add nothing that can be seen. */
const STEP_MIN = 2;
/** The API takes 20,000 characters; a stroke that would go beyond is not begun. */
const PATH_LENGTH_MAX = 19_000;

type Point = { x: number; y: number };

/** Returns a stroke as path commands; a tap is a dot, drawn as the shortest of lines. */
export function strokePath(points: readonly Point[]): string {
  const [first] = points;
  if (!first) return "";
  const rest = points.length > 1 ? points.slice(1) : [{ x: first.x + 0.1, y: first.y }];
  return `M${pair(first)}${rest.map((point) => ` L${pair(point)}`).join("")}`;
}

const inside = (value: number, most: number) => Math.min(Math.max(value, 0), most);
const pair = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;

type DrawProps = { strokes: readonly string[]; onChange: (strokes: readonly string[]) => void };

export function Draw({ strokes, onChange }: DrawProps) {
  const { t } = useWords();
  const pad = useRef<SVGSVGElement>(null);
  const points = useRef<Point[]>([]);
  const [line, setLine] = useState("");
  const full = strokes.join(" ").length > PATH_LENGTH_MAX;

  const at = (event: { clientX: number; clientY: number }): Point => {
    const box = pad.current?.getBoundingClientRect();
    if (!box || box.width === 0) return { x: 0, y: 0 };
    return {
      x: inside(((event.clientX - box.left) / box.width) * WIDTH, WIDTH - 1),
      y: inside(((event.clientY - box.top) / box.height) * HEIGHT, HEIGHT - 1),
    };
  };
  const down = (event: React.PointerEvent) => {
    if (full || event.button !== 0) return;
    event.preventDefault();
    pad.current?.setPointerCapture(event.pointerId);
    points.current = [at(event)];
    setLine(strokePath(points.current));
  };
  const move = (event: React.PointerEvent) => {
    const last = points.current.at(-1);
    if (!last || line.length > PATH_LENGTH_MAX / 4) return;
    const next = at(event);
    if (Math.hypot(next.x - last.x, next.y - last.y) < STEP_MIN) return;
    points.current.push(next);
    setLine(strokePath(points.current));
  };
  const up = () => {
    if (points.current.length === 0) return;
    const drawn = strokePath(points.current);
    points.current = [];
    setLine("");
    if (strokes.join(" ").length + drawn.length < PATH_LENGTH_MAX) onChange([...strokes, drawn]);
  };

  return (
    <div className="draw">
      <p className="draw-name">
        {t.draw}
      </p>
      <svg
        ref={pad}
        className="pad"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${t.drawArea}. ${t.drawnStrokes(strokes.length)}`}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={up}
      >
        <line className="pad-line" x1="30" x2="570" y1="150" y2="150" />
        <path d={[...strokes, line].join(" ").trim()} />
      </svg>
      <div className="draw-foot">
        <p className="quiet small">{t.drawLead}</p>
        <div className="draw-buttons">
          <button type="button" className="link" disabled={strokes.length === 0} onClick={() => onChange(strokes.slice(0, -1))}>
            {t.undo}
          </button>
          <button type="button" className="link" disabled={strokes.length === 0} onClick={() => onChange([])}>
            {t.clear}
          </button>
        </div>
      </div>
    </div>
  );
}

/** A drawn signature as it was kept. */
export function Drawing({ path, name }: { path: string; name: string }) {
  return (
    <svg className="drawing" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={name}>
      <path d={path} />
    </svg>
  );
}
