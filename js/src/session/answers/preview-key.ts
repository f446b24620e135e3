import type { FrameRequest, Span } from "../../wire/types";
import { keyOf } from "./memory";

/** What is asked when the pointer rests somewhere: always with an explicit query, so that answers can be kept. */
export type PreviewRequest = FrameRequest & { readonly query: Span };

export function previewKey(request: PreviewRequest): string {
  const { layer, head, part, direction, source, query, heads, fusion } = request;
  const { words, sinks, weight, shows } = request;
  const look = [words, sinks, weight, shows];
  return keyOf(request, layer, head, part, direction, source, query, heads, fusion, ...look);
}
