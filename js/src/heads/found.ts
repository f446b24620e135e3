import { keyOf } from "../session/answers/memory";
import type { HeadRef } from "../session/places";
import type { Metric, MetricRequest, SimilarRequest } from "../wire/metric";

export const named = "pattern";
export const unnamed = "no single pattern";

/** A head with what was found of it. */
export interface FoundHead extends HeadRef {
  readonly value: number;
  /** The name of its pattern; "" where numbers were asked for. */
  readonly label: string;
}

/** How heads are looked for. `top` 0 keeps them all; `only` are the heads of one pattern. */
export interface Search {
  readonly lowest: boolean;
  readonly top: number;
  readonly only: string | null;
}

/** Heads in order, and which of them are kept; `kept` null where all are. */
export interface Found {
  readonly heads: readonly FoundHead[];
  readonly kept: ReadonlySet<string> | null;
}

/** "offset -3" belongs to the offsets. */
export function family(label: string): string {
  return label.startsWith("offset") ? "offset" : label;
}

export function headName({ layer, head }: HeadRef): string {
  return `L${layer}H${head}`;
}

/** Every head that a layer has, with its number and its pattern's name. */
export function headsOf(metric: Metric, counts: readonly number[]): FoundHead[] {
  return counts.flatMap((count, layer) =>
    Array.from({ length: Math.min(count, metric.heads) }, (_, head) => ({
      layer,
      head,
      value: metric.values[layer * metric.heads + head] ?? Number.NaN,
      label: metric.labels?.[layer]?.[head] ?? "",
    })),
  );
}

/**
 * The heads in the order of a search, best first; those without a number are left out. Of names what few heads do comes
 * first, as most heads of a large model do the same; those without one are found where only they are looked for.
 */
export function find(metric: Metric, counts: readonly number[], search: Search): Found {
  const all = headsOf(metric, counts);
  if (metric.labels !== null) {
    const only = search.only;
    const wanted = all.filter(({ label }) =>
      only === null ? label !== "" && label !== unnamed : family(label) === only,
    );
    const shared = new Map(census(metric, counts).map(({ label, count }) => [label, count]));
    const rarity = ({ label }: FoundHead) => shared.get(family(label)) ?? 0;
    const heads = sorted(wanted, false).sort(
      (one, other) => rarity(one) - rarity(other) || (family(one.label) < family(other.label) ? -1 : 1),
    );
    return { heads, kept: only === null ? null : names(heads) };
  }
  const heads = sorted(
    all.filter(({ value }) => !Number.isNaN(value)),
    search.lowest,
  );
  const fewer = search.top > 0 && search.top < heads.length;
  const chosen = fewer ? heads.slice(0, search.top) : heads;
  return { heads: chosen, kept: fewer ? names(chosen) : null };
}

/** Of equals the first comes first. */
function sorted(heads: readonly FoundHead[], lowest: boolean): FoundHead[] {
  const key = ({ value }: FoundHead) =>
    Number.isNaN(value) ? Number.POSITIVE_INFINITY : lowest ? value : -value;
  return [...heads].sort((one, other) => {
    const [first, second] = [key(one), key(other)];
    return first === second ? 0 : first - second;
  });
}

function names(heads: readonly HeadRef[]): ReadonlySet<string> {
  return new Set(heads.map(headName));
}

/** How many heads have each pattern, most first; what has no name comes last. */
export function census(
  metric: Metric,
  counts: readonly number[],
): readonly { readonly label: string; readonly count: number }[] {
  const numbers = new Map<string, number>();
  for (const { label } of headsOf(metric, counts)) {
    if (label !== "") numbers.set(family(label), (numbers.get(family(label)) ?? 0) + 1);
  }
  const last = ({ label }: { label: string }) => (label === unnamed ? 1 : 0);
  return [...numbers]
    .map(([label, count]) => ({ label, count }))
    .sort((one, other) => last(one) - last(other) || other.count - one.count);
}

export function metricKey(request: MetricRequest): string {
  return keyOf(request, request.name, request.part);
}

export function similarKey(request: SimilarRequest): string {
  return keyOf(request, request.layer, request.head, request.part);
}
