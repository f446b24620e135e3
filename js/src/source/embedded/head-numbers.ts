import {
  type Metric,
  type MetricRequest,
  presentNames,
  type Similar,
  type SimilarRequest,
} from "../../wire/metric";
import { NotSaved } from "./maps/maps";
import type { Saved, SavedHeader } from "./saved";

/** One number of every head, as the kernel gave it. Raises NotSaved with the kernel's reason where it gave none. */
export function savedMetric({ header, read }: Saved, { name }: MetricRequest): Metric {
  const told = header.metrics[name];
  if (told === undefined || typeof told === "string") throw new NotSaved(told ?? header.missing);
  const { place, ...facts } = told;
  const size = facts.layers * facts.heads;
  const numbers = read("metrics")?.data.subarray(place * size, (place + 1) * size);
  return { ...facts, labels: presentNames(facts.labels), values: Float32Array.from(numbers ?? []) };
}

/** The heads that read most like one. */
export function savedSimilar({ similar }: SavedHeader, { layer, head, count }: SimilarRequest): Similar {
  const nearest = similar.nearest[`${layer} ${head}`];
  if (nearest === undefined) throw new NotSaved(similar.recipe);
  return {
    layer,
    head,
    nearest: nearest.slice(0, count).map(([layer, head, distance]) => ({ layer, head, distance })),
    recipe: similar.recipe,
  };
}
