import type { Effects, EffectsRequest } from "../src/wire/effects";
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

/** Effects that depend on nothing but the place, of both signs; what is estimated is smaller than what is measured. */
export function fakeEffects(counts: readonly number[], { name, exact }: EffectsRequest) {
  const heads = Math.max(1, ...counts);
  const values = Float32Array.from({ length: counts.length * heads }, (_, at) => {
    const [layer, head] = [Math.floor(at / heads), at % heads];
    if (head >= (counts[layer] ?? 0)) return Number.NaN;
    return (chance(layer, head, 3) / 1000 - 0.4) * (exact ? 1 : 0.8);
  });
  const known = Array.from(values).filter((value) => !Number.isNaN(value));
  const told: Omit<Effects, "values"> = {
    name,
    unit: "nats",
    low: Math.min(...known),
    high: Math.max(...known),
    recipe: "fall of the answer, thought up",
    layers: counts.length,
    heads,
    labels: null,
    exact: exact === true,
    answer: { words: "' the'", at: 2, unit: "nats" },
    agreement: exact ? null : { rho: 0.93, low: 0.8, high: 0.98, top: 0.8, of: 12 },
  };
  return { told, values };
}

const fakeMethods = [
  { name: "attention", title: "attention, mean of heads", unit: "weight", ramp: "reads" },
  { name: "norm", title: "× ‖value‖", unit: "length", ramp: "reads" },
  { name: "gradient", title: "gradient × input", unit: "nats", ramp: "effect" },
  { name: "hide", title: "hide the word", unit: "nats", ramp: "effect" },
  { name: "uniform", title: "null: uniform attention", unit: "share", ramp: "null" },
  { name: "untrained", title: "null: untrained copy", unit: "weight", ramp: "null" },
] as const;

/** What methods say of each token: the first is a sink, what stands at the answer's place or after it is not compared. */
export function fakeEvidence(pieces: readonly string[], at: number) {
  const places = pieces.map((piece, token) => ({
    token,
    count: 1,
    piece,
    kind: token >= at ? ("after" as const) : token === 0 ? ("sink" as const) : ("" as const),
  }));
  const values = Float32Array.from(
    fakeMethods.flatMap(({ ramp }, method) =>
      places.map(({ token, kind }) => {
        if (kind === "after") return Number.NaN;
        const number = chance(method, token, 5) / 1000;
        return ramp === "effect" ? number - 0.5 : number / 5;
      }),
    ),
  );
  const told = {
    answer: { words: "' the'", at, unit: "nats" },
    places,
    methods: fakeMethods.map((method, place) => ({
      ...method,
      does: `What ${method.title} says.`,
      done: true,
      why: method.name === "untrained" ? "The demo has no copies." : null,
      recipe: "thought up",
      agreement:
        method.name === "hide" || method.name === "untrained"
          ? null
          : { rho: 0.3 - 0.2 * place, low: -0.2, high: 0.6, top: 0.4, of: places.length - 2 },
    })),
    compared: places.filter(({ kind }) => kind === "").length,
    left_out: "1 sinks; what stands at the answer's position or after it",
    sentence: "Attention and effect agree no better than chance.",
    curves: {
      counts: [0, 1, 2, 3, 4],
      unit: "nats",
      lines: [
        { name: "hide", values: [-0.4, -1.1, -1.6, -1.9, -2] },
        { name: "attention", values: [-0.4, -0.5, -0.9, -1.4, -2] },
      ],
      random: {
        mean: [-0.4, -0.6, -1, -1.5, -2],
        low: [-0.4, -0.8, -1.3, -1.7, -2],
        high: [-0.4, -0.45, -0.7, -1.2, -2],
      },
    },
  };
  return { told, values };
}
