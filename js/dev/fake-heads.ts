import type { Metric, MetricChoice, Similar } from "../src/wire/metric";

const names = ["previous token", "first token", "heterogeneous", "induction", "offset -3", "uniform"];

export const fakeChoices: readonly MetricChoice[] = [
  {
    name: "pattern",
    title: "pattern",
    unit: "score",
    meaning: "What a head does, by name.",
    group: "name",
    top: 1,
  },
  {
    name: "induction",
    title: "induction",
    unit: "score",
    meaning: "Reads what came after.",
    group: "pattern",
    top: 1,
  },
  {
    name: "entropy",
    title: "entropy",
    unit: "nats",
    meaning: "How widely a head reads.",
    group: "measure",
    top: null,
  },
];

/** A number that depends on nothing but the place. */
const chance = (layer: number, head: number, salt: number) =>
  ((layer * 31 + head * 17 + salt * 7) * 2654435761) % 1000;

export function fakeMetric(counts: readonly number[], name: string): { told: object; values: Float32Array } {
  const heads = Math.max(1, ...counts);
  const there = (at: number) => (counts[Math.floor(at / heads)] ?? 0) > at % heads;
  const place = (at: number) => [Math.floor(at / heads), at % heads] as const;
  const salt = name.length;
  const values = Float32Array.from({ length: counts.length * heads }, (_, at) =>
    there(at) ? chance(...place(at), salt) / 1000 : Number.NaN,
  );
  const labels = counts.map((number, layer) =>
    Array.from({ length: heads }, (_, head) =>
      head < number ? (names[chance(layer, head, 1) % names.length] ?? "") : "",
    ),
  );
  const told: Omit<Metric, "values"> = {
    name,
    unit: name === "entropy" ? "nats" : "score",
    low: 0,
    high: 1,
    recipe: "thought up",
    layers: counts.length,
    heads,
    labels: name === "pattern" ? labels : null,
  };
  return { told, values };
}

export function fakeSimilar(counts: readonly number[], layer: number, head: number, count: number): Similar {
  const nearest = counts
    .flatMap((number, other) =>
      Array.from({ length: number }, (_, index) => ({
        layer: other,
        head: index,
        distance: chance(other, index, layer + head) / 1443,
      })),
    )
    .filter((other) => other.layer !== layer || other.head !== head)
    .sort((one, other) => one.distance - other.distance)
    .slice(0, count);
  return { layer, head, nearest, recipe: "thought up" };
}
