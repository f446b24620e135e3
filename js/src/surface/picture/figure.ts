import { untracked } from "@preact/signals";
import { sentence } from "../../controls/Toolbar";
import type { Figure, FigureLook } from "../../display/figures";
import type { View } from "../../display/view";
import type { Brush } from "../../drawing/brush";
import { sinkNote } from "../../focus/kept";
import { accent, type Palette, wayMark } from "../../lib/colour";
import { clauses } from "../../lib/format";
import type { FieldNumber } from "../../session/axes";
import type { PatchPlace, PictureTold } from "../../wire/types";
import { type Looks, looksOf } from "../looks";
import type { Inks } from "../paint";
import { fullest, outlinesOf, paintPatches, patchMarks } from "./paint";
import { PatchSurface } from "./patches";

/** A picture whose colours are here. */
export interface DrawnPicture {
  readonly picture: PictureTold;
  readonly place: number;
  readonly places: readonly (PatchPlace | null)[];
  readonly bitmap: ImageBitmap;
}

/** Pixels of the longer side of a picture, how many stand in a line, and what is between them. */
const side = 320;
const abreast = 3;
const gap = 12;

/** The pictures of a field with their heat, one after the other. Null before their colours are here. */
export function pictureFigure(
  view: View,
  number: FieldNumber,
  drawn: readonly DrawnPicture[],
  { palette, outlined }: FigureLook,
): Figure | null {
  const { derived, session } = view;
  const map = derived.map.peek();
  const asked = derived.asked.peek();
  const heat = derived.heat.peek();
  if (map === null || asked === null || heat === null || drawn.length === 0) return null;
  const looks = untracked(() => looksOf(view, number));
  const { over } = session.traits.look.peek();
  const { placed, width, height } = laid(drawn);
  const inks = inksIn(palette, looks);
  return {
    name: "picture",
    title: `${map.title} · ${sentence(asked, derived.focus.peek(), derived.direction.peek())}`,
    width,
    height,
    caption: clauses(
      map.recipe,
      sinkNote(map, heat.full, derived.keys.peek()),
      over === "light" ? "what is not read is dark" : "",
    ),
    direction: derived.direction.peek(),
    full: over === "light" ? null : heat.full,
    signed: map.signed,
    covers: fullest,
    paint: (brush) => {
      for (const one of placed) paintOne(brush, one, looks, inks, over, outlined);
    },
  };
}

interface Placed {
  readonly bitmap: ImageBitmap;
  readonly surface: PatchSurface;
  readonly x: number;
  readonly y: number;
}

function laid(drawn: readonly DrawnPicture[]) {
  const placed: Placed[] = [];
  let [x, y, line, width] = [0, 0, 0, 0];
  for (const [index, { picture, place, places, bitmap }] of drawn.entries()) {
    if (index > 0 && index % abreast === 0) [x, y, line] = [0, y + line + gap, 0];
    const across = Math.round(side * Math.min(1, picture.width / picture.height));
    const surface = new PatchSurface(picture, place, places, across);
    placed.push({ bitmap, surface, x, y });
    width = Math.max(width, x + across);
    line = Math.max(line, surface.height);
    x += across + gap;
  }
  return { placed, width, height: y + line };
}

function paintOne(
  { context }: Brush,
  { bitmap, surface, x, y }: Placed,
  looks: Looks,
  inks: Inks,
  over: "colour" | "light",
  outlined: boolean,
): void {
  const { width, height } = surface;
  context.save();
  context.translate(x, y);
  context.imageSmoothingEnabled = bitmap.width > width;
  context.drawImage(bitmap, 0, 0, bitmap.width, bitmap.height, 0, 0, width, height);
  const lines = outlinesOf(surface, { ...looks, marked: null });
  paintPatches(
    context,
    patchMarks(surface, looks),
    outlined ? lines : { focus: [], query: [], marked: [] },
    inks,
    over,
  );
  context.restore();
}

function inksIn(palette: Palette, { direction }: Looks): Inks {
  const { strong, mark } = accent(palette, direction);
  return {
    mark,
    stripe: palette.ground,
    ring: strong,
    text: palette.text,
    changed: palette.effectHurts.strong,
    more: wayMark(palette, "more"),
    less: wayMark(palette, "less"),
    hurts: wayMark(palette, "hurts"),
    helps: wayMark(palette, "helps"),
  };
}
