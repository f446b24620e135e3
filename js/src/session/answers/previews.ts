import type { ReadonlySignal } from "@preact/signals";
import type { Direction, Frame, HeadPair, MapSource, Span } from "../../wire/types";
import { headsAsked } from "../look";
import type { HeadRef } from "../places";
import { type Shown, textsOf, unitsOf } from "../shown";
import { toTokens } from "../units";
import type { Wish } from "./follow";
import type { Memory } from "./memory";
import { type PreviewRequest, previewKey } from "./preview-key";

/** Which map: that of one head, of several, of a layer, or of all layers. */
export interface MapPlace {
  readonly layer: number;
  readonly head: number;
  readonly source: MapSource;
  readonly chosen: readonly HeadPair[];
}

/** A query that counts what is shown, and which way it looks. */
export interface Focus {
  readonly query: Span;
  readonly direction: Direction;
}

export function alone({ layer, head }: HeadRef): MapPlace {
  return { layer, head, source: "head", chosen: [[layer, head]] };
}

/** Maps that are not pinned: asked for as the pointer rests on them, shown like what is shown. */
export class Previews {
  readonly #memory: Memory;
  readonly #shown: ReadonlySignal<Shown | null>;

  constructor(memory: Memory, shown: ReadonlySignal<Shown | null>) {
    this.#memory = memory;
    this.#shown = shown;
  }

  /** What would be asked for a map, from a query that counts what is shown. Reads signals. */
  request({ layer, head, source, chosen }: MapPlace, focus?: Focus): PreviewRequest | null {
    const shown = this.#shown.value;
    if (shown === null) return null;
    const { header } = shown.frame;
    const { heads: _heads, fusion = "mean", caret: _caret, field: _field, ...asked } = shown.asked;
    const { query, direction } = focus ?? header;
    return {
      ...asked,
      ...textsOf(shown),
      layer,
      head,
      source,
      part: header.part,
      direction,
      ...headsAsked(chosen, { source, fusion }),
      query: toTokens(unitsOf(shown, direction), query),
    };
  }

  /** The frame of a map, where it is there. Reads signals. */
  frameOf(place: MapPlace, focus?: Focus): Frame | undefined {
    const request = this.request(place, focus);
    return request === null ? undefined : this.at(request);
  }

  /** A map, as it is asked for. */
  wish(request: PreviewRequest): Wish<"preview", PreviewRequest> {
    return { kind: "preview", key: previewKey(request), request };
  }

  /** Reads signals. */
  at(request: PreviewRequest): Frame | undefined {
    return this.#memory.get<Frame>("preview", previewKey(request));
  }

  /** Whether a map is to be asked for. Reads signals. */
  wants(request: PreviewRequest): boolean {
    return this.#memory.wants("preview", previewKey(request));
  }

  async ask(request: PreviewRequest, asker?: string): Promise<void> {
    await this.#memory.ask("preview", previewKey(request), { ...request, ...(asker && { asker }) });
  }
}
