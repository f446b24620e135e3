import { untracked } from "@preact/signals";
import { bitmap } from "../display/Canvas";
import type { Figure, FigurePlace } from "../display/figures";
import { textMeasurer } from "../display/measure";
import type { View } from "../display/view";
import type { Brush } from "../drawing/brush";
import { type Derived, wayIn } from "../focus/derived";
import { type Field, standsIn } from "../focus/fields";
import { type Palette, palette } from "../lib/colour";
import { figureFonts, paintFigure } from "./figure-paint";
import { type FigureScene, figureScene, type Word } from "./figure-scene";
import { images } from "./images";
import { svgOf } from "./svg/brush";

export interface PictureWish {
  readonly place: FigurePlace;
  readonly dark: boolean;
  /** Whether the query and the pinned head have an outline. */
  readonly outlined: boolean;
}

/** A figure that can stand alone, and what it is called. */
export interface Picture {
  readonly scene: FigureScene;
  readonly title: string;
  /** For files, without an ending. */
  readonly name: string;
  readonly caption: string;
  readonly description: string;
  readonly ground: string;
  readonly paint: (brush: Brush) => void;
}

/** Null while there is nothing to show. */
export function pictureOf(view: View, { place, dark, outlined }: PictureWish): Picture | null {
  const { session, environment, figures } = view;
  const colours = palette(dark, environment.font.peek());
  const figure = figures.makers.peek().get(place)?.({ palette: colours, outlined }) ?? null;
  if (figure === null) return null;
  const model = session.about.peek()?.model.name ?? "";
  const title = [model, figure.title].filter((part) => part !== "").join(" · ");
  // As a text stands above the stage.
  const above =
    place === "stage"
      ? (figures.makers.peek().get("picture")?.({ palette: colours, outlined }) ?? null)
      : null;
  const scene = lay(view, place, figure, above, title, colours);
  return {
    scene,
    title,
    name: fileName(`${title} ${figure.name}`),
    caption: figure.caption,
    description: `${figure.caption}. Made with attnwidget ${session.about.peek()?.version ?? ""}`.trim(),
    ground: colours.ground,
    paint: (brush) => paintFigure(brush, scene, figure, above, colours),
  };
}

function lay(
  view: View,
  place: FigurePlace,
  figure: Figure,
  above: Figure | null,
  title: string,
  colours: Palette,
): FigureScene {
  const measure = textMeasurer();
  const words = place === "stage" ? wordsOf(view) : [];
  return figureScene({
    title,
    words,
    rightToLeft: isRightToLeft(words.map(({ text }) => text).join("")),
    above,
    picture: figure,
    caption: figure.caption,
    scale: figure.full === null ? null : { kind: scaleOf(figure), full: figure.full },
    measure: (text, font) => measure(text, `${figureFonts[font]} ${colours.font}`),
  });
}

function scaleOf({ lines, signed, covers }: Figure): "ramp" | "signed" | "wedge" | "cover" {
  if (lines) return "wedge";
  if (signed) return "signed";
  return covers === undefined ? "ramp" : "cover";
}

/** The texts with their heat, as over the stage; of what stands in the place of a text, nothing. */
function wordsOf({ derived, session }: View): Word[] {
  const [first, second] = derived.fields.map((field, number) =>
    untracked(() => standsIn(session, number === 0 ? 0 : 1)) === "picture"
      ? []
      : fieldWords(derived, field.peek()),
  );
  const between = { text: "\n", tone: null, sink: false, way: null, focus: false };
  return [...(first ?? []), ...(second === undefined || second.length === 0 ? [] : [between, ...second])];
}

function fieldWords(derived: Derived, { segments, asks, answers }: Field): Word[] {
  const heat = answers ? derived.heat.peek() : null;
  const [start, stop] = asks ? derived.focus.peek() : [0, 0];
  return segments.map(({ text, mark }) => {
    const tokens = mark?.tokens ?? [];
    const strongest = tokens.reduce(
      (most, token) => ((heat?.tones[token] ?? 0) > (heat?.tones[most] ?? 0) ? token : most),
      tokens[0] ?? -1,
    );
    return {
      text,
      tone: heat === null || mark === null ? null : (heat.tones[strongest] ?? 0),
      way: heat === null ? null : wayIn(heat, strongest),
      sink: heat?.less === null && tokens.some((token) => heat.sinks.has(token)),
      focus: tokens.some((token) => token >= start && token < stop),
    };
  });
}

const rightToLeft = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** By the first letter, as `dir="auto"` has it. */
function isRightToLeft(text: string): boolean {
  return rightToLeft.test(text.match(/\p{L}/u)?.[0] ?? "");
}

export function svgPicture({ scene, title, description, ground, paint }: Picture): string {
  const id = `clip-${Math.random().toString(36).slice(2, 8)}`;
  return svgOf({ width: scene.width, height: scene.height, id, title, description, ground }, images, paint);
}

/** The largest canvas that every browser can make: its side, and an area of 256 MB. */
const longestSide = 16_384;
const largestArea = 64 * 2 ** 20;

/** The largest scale up to the wished one that a canvas can be made in. */
export function possibleScale({ scene }: Picture, wished: number): number {
  const { width, height } = scene;
  const most = Math.min(longestSide / Math.max(width, height), Math.sqrt(largestArea / (width * height)));
  return Math.min(wished, most);
}

export interface Png {
  readonly blob: Blob;
  readonly width: number;
  readonly height: number;
}

/** Rejects where the browser does not give such a canvas. */
export function pngPicture({ scene, paint }: Picture, scale: number): Promise<Png> {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(scene.width * scale));
  canvas.height = Math.max(1, Math.round(scene.height * scale));
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  if (context === null) return Promise.reject(new Error("This browser cannot make a canvas of that size."));
  context.scale(width / scene.width, height / scene.height);
  paint({ context, bitmap });
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      // Given back at once: a large canvas would otherwise wait for the collector.
      canvas.width = canvas.height = 0;
      if (blob === null) reject(new Error("This browser cannot make a picture of that size."));
      else resolve({ blob, width, height });
    }, "image/png");
  });
}

const longestName = 64;

/** A title as a file's name: letters and numbers of any script, and nothing that a system could stumble over. */
function fileName(title: string): string {
  const plain = title
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, "-");
  return (
    Array.from(plain)
      .slice(0, longestName)
      .join("")
      .replace(/^-+|-+$/g, "") || "attention"
  );
}
