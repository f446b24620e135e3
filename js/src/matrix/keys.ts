import { arrows, type KeyRow } from "../lib/keys";

/** What keys do in a map that can be zoomed. */
export const mapKeys: readonly KeyRow[] = [
  { keys: [...arrows, "Home", "End"], does: "move to another cell; a zoomed map follows" },
  { keys: ["+", "=", "-"], does: "zoom in, zoom out" },
  { keys: ["0"], does: "show the whole map" },
];
