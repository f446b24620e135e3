import { type KeyPlace, keyPlaces } from "../lib/keys";
import { views } from "../views/registry";

const [anywhere, ...places] = keyPlaces as [KeyPlace, ...KeyPlace[]];
/** One for each tab, in their order. */
const numbers = {
  keys: views.map((_, place) => String(place + 1)),
  does: "switch to the view of that tab, of those that are there, from the left; in the text they type a number",
};

/** Every key, by place. */
export const allKeys: readonly KeyPlace[] = [
  { ...anywhere, rows: [...anywhere.rows, numbers] },
  ...places,
  ...views.map(({ name, text, keys, keysOf = text }) => ({ name, title: keysOf, rows: keys })),
];
