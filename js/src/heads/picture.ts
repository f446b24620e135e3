import { useMemo } from "preact/hooks";
import type { View } from "../display/view";
import { thumbnailPixels } from "../drawing/pixels";
import { accent, type Palette } from "../lib/colour";
import { headColour } from "../lib/head-colours";
import type { Metric } from "../wire/metric";
import type { Frame } from "../wire/types";
import { type Found, find } from "./found";
import { metricAt } from "./metrics";
import type { GridPicture } from "./paint";
import { type Shades, shadesOf } from "./shades";

/** All that the grid of heads shows, wherever it stands. */
export function useHeadPicture(view: View): GridPicture {
  const { session, local } = view;
  const pinned = session.clampedHead();
  const { source } = session;
  const direction = session.shown.value?.frame.header.direction ?? "reads";
  return {
    ...useThumbnails(view),
    pinned: source.value === "head" ? pinned : null,
    together: together(session, view.palette.value.dark),
    hovered: local.hoverHead.value,
    wholeLayer: source.value === "layer" ? pinned.layer : null,
    strong: accent(view.palette.value, direction).strong,
    shades: useShades(view),
    kept: useFound(view)?.kept ?? null,
  };
}

/** The heads that are looked for, in order; null until the numbers are there. */
export function useFound({ session }: View): Found | null {
  const { by, lowest, top, only } = session.metrics;
  const metric = metricIn(session);
  const heads = session.heads.value;
  const search = { lowest: lowest.value, top: top.value, only: only.value };
  return useMemo(
    () => (metric === null ? null : find(metric, heads, search)),
    [metric, heads, by.value, search.lowest, search.top, search.only],
  );
}

/** What heads are looked for by: of the text on show. */
export function metricIn(session: View["session"]): Metric | null {
  return metricAt(session, session.metrics.by.value);
}

function useShades(view: View): Shades | null {
  const { session, palette } = view;
  const metric = metricIn(session);
  const { shade } = session.metrics;
  const colours = palette.value;
  const direction = session.shown.value?.frame.header.direction ?? "reads";
  return useMemo(() => shadesIn(session, colours), [metric, shade.value, colours, direction]);
}

/** In the colours of a palette; null where the cells show their maps. */
export function shadesIn(session: View["session"], palette: Palette): Shades | null {
  const metric = session.metrics.shade.value === "values" ? metricIn(session) : null;
  const direction = session.shown.value?.frame.header.direction ?? "reads";
  return metric === null ? null : shadesOf(metric, accent(palette, direction).ramp, palette);
}

function useThumbnails({ session, palette }: View): Thumbnails {
  const frame = session.shown.value?.frame;
  const colours = palette.value;
  return useMemo(() => thumbnailsIn(frame, colours), [frame, colours]);
}

type Thumbnails = Pick<GridPicture, "image" | "rows" | "columns">;

export function thumbnailsIn(frame: Frame | undefined, palette: Palette): Thumbnails {
  if (frame?.thumbnails == null) return { image: null, rows: 0, columns: 0 };
  const [layers = 0, heads = 0, rows = 0, columns = 0] = frame.thumbnails.shape;
  const { ramp } = accent(palette, frame.header.direction);
  const shape = [layers, heads, rows, columns] as const;
  const image = thumbnailPixels(frame.thumbnails.data, shape, frame.header.causal, ramp);
  return { image, rows, columns };
}

export function titleOf(session: View["session"], name: string): string {
  return session.about.value?.metrics.find((choice) => choice.name === name)?.title ?? name;
}

/** Several heads that are shown together, each in the colour that it has everywhere. */
export function together(session: View["session"], dark: boolean) {
  const chosen = session.source.value === "head" ? session.chosenHeads() : [];
  if (chosen.length < 2) return [];
  return chosen.map(([layer, head], index) => ({ layer, head, colour: headColour(dark, index) }));
}
