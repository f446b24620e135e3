import { type Palette, type Rgb, rgbOf } from "../lib/colour";
import { family } from "./found";

/** What is alike in kind is alike in colour, here as in every chart (attnwidget/plots/colours.py has the same tables). */
const kinds: Readonly<Record<string, keyof typeof tints.light>> = {
  "previous token": "near",
  "next token": "near",
  diagonal: "near",
  offset: "near",
  induction: "lookup",
  "duplicate token": "lookup",
  "off-diagonal": "lookup",
  "first token": "place",
  separator: "place",
  vertical: "place",
  "vertical + diagonal": "place",
  "block diagonal": "block",
  peaked: "peaked",
  uniform: "even",
  "no single pattern": "none",
};

const tints = {
  light: {
    near: "#74c2ba",
    lookup: "#b695dd",
    place: "#dfc069",
    block: "#9bcb7a",
    peaked: "#ea9caf",
    even: "#b9c0c8",
    none: "#eceef0",
  },
  dark: {
    near: "#2a7470",
    lookup: "#70509b",
    place: "#80671f",
    block: "#4c762e",
    peaked: "#97475c",
    even: "#59626b",
    none: "#23282e",
  },
} as const;

export function tintOf(pattern: string, { dark }: Pick<Palette, "dark">): Rgb {
  return rgbOf(tints[dark ? "dark" : "light"][kinds[family(pattern)] ?? "none"]);
}
