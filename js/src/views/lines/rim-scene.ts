import type { Rect } from "../../drawing/scene";
import { weight } from "../../lib/format";
import type { Side } from "../../session/places";
import type { Span } from "../../wire/types";
import { type LinesFrame, markHeight, stripMiddle, trackWidth, whereIn } from "./scene";

/** What is out of sight on one side, over or under what is seen. */
export interface RimMark extends Rect {
  readonly side: Side;
  readonly edge: "above" | "below";
  readonly text: string;
  /** Where its text begins on the right, where it ends on the left. */
  readonly textX: number;
  /** Lines that end there, with those into sinks; 0 where it only says that there are more tokens. */
  readonly lines: number;
  /** What they carry together. */
  readonly mass: number;
  /** The token that a click goes to; null for the next page. */
  readonly target: number | null;
}

/** What is looked at, and where its lines end. */
export interface Looked {
  /** The side of what is looked at. */
  readonly side: Side;
  readonly focus: Span;
  /** The focus, as it is called. */
  readonly name: string;
  readonly tokens: readonly number[];
  readonly sinks: readonly number[];
  readonly weights: ArrayLike<number>;
  /** Whether the weights are exact by now. */
  readonly certain: boolean;
}

const away = 9;
const padding = 4;

/** The marks of the strips, on both sides; none of a text that is in sight. */
export function rimMarks(frame: LinesFrame, looked: Looked, measure: (text: string) => number): RimMark[] {
  if (!frame.long) return [];
  return (["query", "key"] as const).flatMap((side) =>
    (["above", "below"] as const).flatMap((edge) => {
      const found = side === looked.side ? lookedAway(frame, looked, edge) : endsAway(frame, looked, edge);
      return found === null ? [] : [placed(frame, side, edge, found, measure)];
    }),
  );
}

type Found = Pick<RimMark, "lines" | "mass" | "target"> & { readonly texts: readonly string[] };

/** On the side of what is looked at: where that is, or how many tokens there are. */
function lookedAway({ columns }: LinesFrame, { side, focus, name }: Looked, edge: "above" | "below") {
  const count = hidden(columns[side], edge);
  if (count === 0) return null;
  const middle = Math.floor((focus[0] + focus[1] - 1) / 2);
  if (whereIn(columns[side], middle) === edge) {
    const arrow = arrows[edge];
    return { lines: 0, mass: 0, target: middle, texts: [`${arrow} “${name}”`, arrow] };
  }
  return plain(count);
}

/** On the other side: how many lines end there, and how much they carry. */
function endsAway({ columns }: LinesFrame, looked: Looked, edge: "above" | "below"): Found | null {
  const { tokens, sinks, weights, certain } = looked;
  const column = columns[looked.side === "query" ? "key" : "query"];
  const count = hidden(column, edge);
  if (count === 0) return null;
  const ends = [...tokens, ...sinks].filter((token) => whereIn(column, token) === edge);
  const amount = (token: number) => weights[token] ?? 0;
  const target = ends.reduce<number | null>(
    (most, token) => (most === null || amount(token) > amount(most) ? token : most),
    null,
  );
  if (target === null) return plain(count);
  const mass = ends.reduce((sum, token) => sum + amount(token), 0);
  const [arrow, lines] = [arrows[edge], ends.length];
  const texts = certain
    ? [
        `${arrow} ${lines} more, ${weight(mass)}`,
        `${arrow} ${lines}, ${mass.toFixed(2)}`,
        `${arrow} ${lines}`,
      ]
    : [`${arrow} ${lines} more, …`, `${arrow} ${lines}`];
  return { lines, mass, target, texts };
}

const arrows = { above: "↑", below: "↓" } as const;

function plain(count: number): Found {
  return {
    lines: 0,
    mass: 0,
    target: null,
    texts: [`⋮ ${count} token${count === 1 ? "" : "s"}`, `⋮ ${count}`],
  };
}

function hidden({ above, below, count }: LinesFrame["columns"][Side], edge: "above" | "below"): number {
  return edge === "above" ? above : count - below;
}

/** The longest of its texts that there is room for. */
function placed(
  frame: LinesFrame,
  side: Side,
  edge: "above" | "below",
  { texts, ...found }: Found,
  measure: (text: string) => number,
): RimMark {
  const room = frame.left - away - 2 * padding - trackWidth - 4;
  const text = texts.find((each) => measure(each) <= room) ?? texts.at(-1) ?? "";
  const width = measure(text) + 2 * padding;
  const height = markHeight(frame);
  const y = stripMiddle(frame, edge) - height / 2;
  const x = side === "key" ? frame.right + away : frame.left - away - width;
  const textX = side === "key" ? x + padding : x + width - padding;
  return { side, edge, text, textX, x, y, width, height, ...found };
}

/** Where something stands on the map of a whole side: along its height. */
export interface Tick {
  readonly y: number;
  readonly tone: number;
}

/** The map of a whole side at its rim: what of it is in sight, and where its lines end. */
export interface Track extends Rect {
  readonly side: Side;
  readonly thumb: Span;
  readonly ticks: readonly Tick[];
}

export function tracksOf(frame: LinesFrame, looked: Looked, tone: (weight: number) => number): Track[] {
  return (["query", "key"] as const).flatMap((side) => {
    const column = frame.columns[side];
    if (column.full <= frame.height) return [];
    const top = 4;
    const room = frame.height - 2 * top;
    const at = (token: number) => top + (token / column.count) * room;
    const ticks =
      side === looked.side
        ? [{ y: at((looked.focus[0] + looked.focus[1]) / 2), tone: 1 }]
        : [...looked.tokens, ...looked.sinks].map((token) => ({
            y: at(token + 0.5),
            tone: tone(looked.weights[token] ?? 0),
          }));
    return [
      {
        side,
        x: side === "query" ? 0 : frame.width - trackWidth,
        y: top,
        width: trackWidth,
        height: room,
        thumb: [at(column.above === 0 ? 0 : column.above + 1), at(column.below)] as const,
        ticks,
      },
    ];
  });
}
