import type { Curves } from "../../wire/experiments/evidence";

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface CurveLine {
  readonly name: string;
  readonly points: readonly Point[];
  /** A stroke of it, and its name, at its end. */
  readonly sample: readonly Point[];
  readonly label: Point;
}

export interface CurvesScene {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly lines: readonly CurveLine[];
  /** The mean of random orders, and around it where nearly all of them run. */
  readonly random: CurveLine;
  readonly band: readonly Point[];
  /** Numbers along the axes. */
  readonly across: readonly { readonly text: string; readonly x: number }[];
  readonly down: readonly { readonly text: string; readonly y: number }[];
}

/** Room for the numbers, and for the names at the ends of the lines. */
const around = { left: 34, right: 88, top: 8, bottom: 20 } as const;
const labelPitch = 13;
const sampleWidth = 14;

export function curvesScene(curves: Curves, width: number, height: number): CurvesScene {
  const { counts, lines, random } = curves;
  const all = [...lines.flatMap(({ values }) => values), ...random.low, ...random.high].filter(
    Number.isFinite,
  );
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const [left, right] = [around.left, width - around.right];
  const [top, bottom] = [around.top, height - around.bottom];
  const most = Math.max(1, ...counts);
  const x = (count: number) => left + ((right - left) * count) / most;
  const y = (value: number) => bottom - ((bottom - top) * (value - low)) / Math.max(high - low, 1e-9);
  const points = (values: readonly number[]) =>
    values.map((value, place) => ({ x: x(counts[place] ?? 0), y: y(value) }));
  const named = [
    ...lines.map(({ name, values }) => ({ name, points: points(values) })),
    { name: "random", points: points(random.mean) },
  ];
  const places = apart(
    named.map((line) => line.points.at(-1)?.y ?? bottom),
    top,
    bottom,
  );
  const placed = named.map((line, index) => {
    const [from, level] = [right + 6, places[index] as number];
    const sample = [from, from + sampleWidth].map((place) => ({ x: place, y: level }));
    return { ...line, sample, label: { x: from + sampleWidth + 4, y: level } };
  });
  return {
    width,
    height,
    left,
    right,
    top,
    bottom,
    lines: placed.slice(0, -1),
    random: placed.at(-1) as CurveLine,
    band: [...points(random.high), ...points(random.low).reverse()],
    across: [0, most].map((count) => ({ text: String(count), x: x(count) })),
    down: [high, low].map((value) => ({ text: shortNumber(value), y: y(value) })),
  };
}

function shortNumber(value: number): string {
  const size = Math.abs(value);
  return `${value < 0 ? "−" : ""}${size >= 10 ? size.toFixed(0) : size.toFixed(size >= 1 ? 1 : 2)}`;
}

/** Heights that are at least a line of letters from each other, in the same order, near where they were. */
function apart(heights: readonly number[], top: number, bottom: number): number[] {
  const order = heights
    .map((_, index) => index)
    .sort((one, other) => (heights[one] ?? 0) - (heights[other] ?? 0));
  const placed = [...heights];
  let last = top - labelPitch;
  for (const index of order) {
    placed[index] = Math.max(placed[index] as number, last + labelPitch);
    last = placed[index] as number;
  }
  let next = bottom + labelPitch;
  for (const index of order.reverse()) {
    placed[index] = Math.min(placed[index] as number, next - labelPitch);
    next = placed[index] as number;
  }
  return placed;
}
