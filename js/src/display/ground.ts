import type { Rgb } from "../lib/colour";

type Rgba = readonly [red: number, green: number, blue: number, alpha: number];

/** The colour behind what stands in an element, through all that is transparent; null where nothing has one. */
export function groundOf(element: Element): Rgb | null {
  const layers: Rgba[] = [];
  for (let at: Element | null = element; at !== null; at = parentOf(at)) {
    const colour = readColour(getComputedStyle(at).backgroundColor);
    if (colour === null || colour[3] === 0) continue;
    layers.push(colour);
    if (colour[3] >= 1) return layers.reduceRight<Rgb>(over, [255, 255, 255]);
  }
  return null;
}

/** What a browser paints a page with that has no ground: white, unless the page says that it can be dark. */
export function blankGround(): Rgb | null {
  const probe = document.createElement("i");
  probe.style.cssText = "display: none; background-color: Canvas";
  document.documentElement.append(probe);
  const colour = opaque(getComputedStyle(probe).backgroundColor);
  probe.remove();
  return colour;
}

/** A colour as a style writes it; null for none, and for one that something shows through. */
export function opaque(text: string): Rgb | null {
  const [red, green, blue, alpha] = readColour(text) ?? [0, 0, 0, 0];
  return alpha < 1 ? null : [red, green, blue];
}

/** An element's parent, out of a shadow tree too. */
export function parentOf(element: Element): Element | null {
  if (element.parentElement !== null) return element.parentElement;
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}

function over(below: Rgb, [red, green, blue, alpha]: Rgba): Rgb {
  const mixed = (place: 0 | 1 | 2, own: number) => Math.round(own * alpha + below[place] * (1 - alpha));
  return [mixed(0, red), mixed(1, green), mixed(2, blue)];
}

const plain = /^rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)$/;

/** Computed colours are mostly written in one way; for all others the browser is asked. */
function readColour(text: string): Rgba | null {
  const [, red, green, blue, alpha = "1"] = plain.exec(text) ?? [];
  if (red !== undefined) return [Number(red), Number(green), Number(blue), Number(alpha)];
  if (text === "" || text === "transparent") return null;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return null;
  context.fillStyle = text;
  context.fillRect(0, 0, 1, 1);
  const [r = 0, g = 0, b = 0, a = 0] = context.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}
