import type { Figure } from "../display/figures";
import type { Brush, Pen } from "../drawing/brush";
import { paintHeat } from "../drawing/heat";
import {
  accent,
  hexOf,
  inkOn,
  mix,
  type Palette,
  type Rgb,
  rampColour,
  rgbOf,
  signedSteps,
  signedTone,
  tone,
  toneSteps,
  wayMark,
} from "../lib/colour";
import { signedWeight, toneNumber } from "../lib/format";
import type { FigureFont, FigureScene } from "./figure-scene";

export const figureFonts: Readonly<Record<FigureFont, string>> = {
  title: "600 14px",
  words: "400 14px",
  caption: "400 11px",
};

const stepWidth = 32;

/** All of a figure: what is around the picture, and the picture in its place. */
export function paintFigure(
  brush: Brush,
  scene: FigureScene,
  figure: Figure,
  above: Figure | null,
  palette: Palette,
): void {
  const { context } = brush;
  const { direction } = figure;
  context.fillStyle = palette.ground;
  context.fillRect(0, 0, scene.width, scene.height);
  context.textAlign = "left";
  context.textBaseline = "middle";
  paintLines(context, scene.title, "title", palette.text, palette);
  paintWords(context, scene, direction, palette);
  paintLines(context, scene.caption, "caption", palette.muted, palette);
  if (scene.scale !== null) paintScale(context, scene.scale, figure, palette);
  for (const [part, { x, y }] of [
    [above, scene.above],
    [figure, scene.picture],
  ] as const) {
    if (part === null) continue;
    context.save();
    context.translate(x, y);
    part.paint(brush);
    context.restore();
  }
}

function paintLines(
  context: Pen,
  lines: FigureScene["title"],
  font: FigureFont,
  colour: string,
  palette: Palette,
): void {
  context.font = `${figureFonts[font]} ${palette.font}`;
  context.fillStyle = colour;
  for (const { text, x, y } of lines) context.fillText(text, x, y);
}

function paintWords(
  context: Pen,
  { words }: FigureScene,
  direction: "reads" | "read_by",
  palette: Palette,
): void {
  const colours = accent(palette, direction);
  for (const word of words) {
    if (word.tone === null) continue;
    const own = word.way === null ? colours : { ...colours, mark: wayMark(palette, word.way) };
    const mark = { ...word, tone: word.tone, ring: word.focus ? 2 : 0 };
    paintHeat(context, mark, own, palette, colours.strong);
  }
  context.font = `${figureFonts.words} ${palette.font}`;
  context.fillStyle = palette.text;
  for (const { text, x, y, height } of words) {
    if (text.trim() !== "") context.fillText(text, x, y + height / 2);
  }
}

function paintScale(
  context: Pen,
  { x, y, width, height, full, kind }: NonNullable<FigureScene["scale"]>,
  { direction, covers = 1 }: Figure,
  palette: Palette,
): void {
  const { ramp, strong } = accent(palette, direction);
  const middle = y + height / 2;
  context.font = `${figureFonts.caption} ${palette.font}`;
  const steps = (
    shares: readonly number[],
    of: (share: number) => Rgb,
    write: (number: number) => string,
  ) => {
    context.textAlign = "center";
    shares.forEach((share, step) => {
      const colour = of(share);
      context.fillStyle = hexOf(colour);
      context.fillRect(x + step * stepWidth, y - 3, stepWidth, height + 6);
      context.fillStyle = inkOn(colour);
      context.fillText(write(share * full), x + (step + 0.5) * stepWidth, middle);
    });
    context.textAlign = "left";
  };
  if (kind === "ramp") steps(toneSteps, (share) => rampColour(ramp, tone(share, 1)), toneNumber);
  if (kind === "cover") {
    const ground = rgbOf(palette.ground);
    steps(toneSteps, (share) => mix(rgbOf(strong), covers * tone(share, 1), ground), toneNumber);
  }
  if (kind === "signed")
    steps(
      signedSteps,
      (share) => rampColour(palette.signed, signedTone(share, 1)),
      (change) => signedWeight(change, toneNumber),
    );
  if (kind !== "wedge") return;
  context.fillStyle = strong;
  context.beginPath();
  context.moveTo(x, middle - 0.5);
  context.lineTo(x + width, y);
  context.lineTo(x + width, y + height);
  context.lineTo(x, middle + 0.5);
  context.fill();
  context.fillStyle = palette.muted;
  context.fillText("0", x - 12, middle);
  context.fillText(toneNumber(full), x + width + 6, middle);
}
