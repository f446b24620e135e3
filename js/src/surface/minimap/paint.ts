import type { Pen } from "../../drawing/brush";
import { hatch } from "../../drawing/hatch";
import type { Inks } from "../paint";
import type { MinimapScene } from "./scene";

/** Pixels of the page at the sides: neither hides the heat between them. */
const left = 4;
const right = 5;

/** What is searched at the left, the heat, and at the right what is looked at. In pixels of the screen: `ratio` of them are one of the page. */
export function paintMinimap(
  context: Pen,
  { bands, query, found }: MinimapScene,
  width: number,
  ratio: number,
  inks: Inks,
): void {
  const [from, to] = [Math.round(left * ratio), width - Math.round(right * ratio)];
  for (const { y, height, tone, kind } of bands) {
    context.globalAlpha = tone;
    if (kind === "sink") {
      context.strokeStyle = inks.mark;
      context.lineWidth = ratio;
      hatch(context, { x: from, y, width: to - from, height }, 4 * ratio);
    } else {
      context.fillStyle = inks[kind === "plain" ? "mark" : kind];
      context.fillRect(from, y, to - from, height);
    }
  }
  context.globalAlpha = 1;
  context.fillStyle = inks.text;
  for (const { y, height, current } of found) {
    const size = Math.min(height, Math.round(3 * ratio));
    context.fillRect(0, y + Math.round((height - size) / 2), current ? to : from - ratio, size);
  }
  if (query === null) return;
  const size = Math.max(query.height, Math.round(4 * ratio));
  context.fillStyle = inks.ring;
  context.fillRect(to + ratio, query.y + Math.round((query.height - size) / 2), width - to - ratio, size);
}
