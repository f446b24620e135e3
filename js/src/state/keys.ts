import type { FrameRequest, Span } from "../wire/types";

/** What is asked when the pointer rests somewhere: always with an explicit query, so that answers can be kept. */
export type PreviewRequest = FrameRequest & { readonly query: Span };

export function previewKey({ text, layer, head, part, direction, source, query }: PreviewRequest): string {
  return JSON.stringify([text, layer, head, part, direction, source, query]);
}

export function predictionKey(text: string, position: number): string {
  return `${position} ${text}`;
}
