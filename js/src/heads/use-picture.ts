import { useComputed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { View } from "../display/view";
import { accent } from "../lib/colour";
import type { HeadMarks } from "../what-if/marks-paint";
import { editsOfPart, refsOf } from "../what-if/standing";
import { type Found, find } from "./found";
import { metricIn, metricShown } from "./metrics";
import type { GridPicture } from "./paint";
import { shadesIn, type Thumbnails, thumbnailsIn, together } from "./picture";
import { changeShown, effectsShown, searchOf } from "./search";
import type { Shades } from "./shades";

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
    marks: useMarks(view),
  };
}

/** What is changed in the heads of what is shown, and what the chip that is pointed at names. */
function useMarks({ session, local }: View): HeadMarks | null {
  return useComputed(() => {
    const heads = session.heads.value;
    const edits = editsOfPart(session);
    const touched = local.touched.value?.heads ?? [];
    if (edits.length + touched.length === 0) return null;
    const of = (kind: "silence" | "paint") =>
      edits.flatMap((edit) => (edit.kind === kind ? refsOf([edit.layer, edit.head], heads) : []));
    return {
      silenced: of("silence"),
      painted: of("paint"),
      touched: touched.flatMap((each) => refsOf(each, heads)),
    };
  }).value;
}

/** The heads that are looked for, in order; null until the numbers are there. */
export function useFound({ session }: View): Found | null {
  const { by, lowest, top, only } = searchOf(session);
  // A question that is put off is no reason to paint.
  const metric = useComputed(() => metricIn(session)).value;
  const heads = session.heads.value;
  const search = { lowest: lowest.value, top: top.value, only: only.value };
  return useMemo(
    () => (metric === null ? null : find(metric, heads, search)),
    [metric, heads, by.value, search.lowest, search.top, search.only],
  );
}

function useShades(view: View): Shades | null {
  const { session, palette } = view;
  const metric = useComputed(() => metricShown(session)).value;
  const { shade } = searchOf(session);
  const change = useComputed(() => changeShown(session)).value;
  const effects = useComputed(() => effectsShown(session)).value;
  const colours = palette.value;
  const direction = session.shown.value?.frame.header.direction ?? "reads";
  return useMemo(
    () => shadesIn(session, colours),
    [metric, change, effects, shade.value, colours, direction],
  );
}

function useThumbnails({ session, palette, derived }: View): Thumbnails {
  const frame = session.shown.value?.frame;
  const colours = palette.value;
  const scale = derived.scale.value;
  return useMemo(() => thumbnailsIn(frame, scale, colours), [frame, scale, colours]);
}
