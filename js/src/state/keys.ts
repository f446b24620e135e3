import type { FrameRequest, Span } from "../wire/types";

/** What is asked when the pointer rests somewhere: always with an explicit query, so that answers can be kept. */
export type PreviewRequest = FrameRequest & { readonly query: Span };

export function previewKey(request: PreviewRequest): string {
  const { text, pair, layer, head, part, direction, source, query, heads, fusion } = request;
  const { words, sinks, weight } = request;
  const look = [heads, fusion, words, sinks, weight];
  return JSON.stringify([text, pair, layer, head, part, direction, source, query, look]);
}

export function predictionKey({ text, pair }: { text: string; pair: string }, position: number): string {
  return JSON.stringify([position, text, pair]);
}
