import type { Stats } from "../state";
import { useView } from "./view";

/** The caption under the grid: which map is on show, and its measures. */
export function HeadFacts({ long }: { readonly long: boolean }) {
  const { derived } = useView();
  const map = derived.map.value;
  if (map === null) return null;
  return (
    <div class="aw-facts">
      <h3 class="aw-title">{map.title}</h3>
      <dl data-approximate={map.stats === null} data-long={long}>
        {facts(map.stats, map.sinks.size > 0).map(({ name, value, unit, title }) => (
          <div key={name} title={title}>
            <dt>{name}</dt>
            <dd>
              {value}
              {unit !== undefined && <span class="aw-unit"> {unit}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  readonly title: string;
}

function facts(stats: Stats | null, sinks: boolean): Fact[] {
  const digits = (value: number | undefined, places: number) =>
    value === undefined || !Number.isFinite(value) ? "–" : value.toFixed(places);
  return [
    {
      name: "entropy",
      value: digits(stats?.entropy, 2),
      unit: `of ${digits(stats?.entropy_limit, 2)} nats`,
      title:
        "How widely the head looks: the mean over the queries; the second number is what an even spread would have.",
    },
    {
      name: "distance",
      value: digits(stats?.distance, 1),
      unit: "tokens",
      title: "How far away it looks, weighted by the weights.",
    },
    {
      name: "previous token",
      value: digits(stats?.previous, 2),
      title: "The mean weight on the token just before.",
    },
    { name: "first token", value: digits(stats?.first, 2), title: "The mean weight on the first token." },
    ...(sinks
      ? [
          {
            name: "sinks",
            value: digits(stats?.sink, 2),
            title: "The mean weight on tokens that soak up attention without being about them.",
          },
        ]
      : []),
  ];
}
