import { type KeyPlace, keyPlaces } from "../lib/keys";
import { views } from "../views/registry";

/** Every key, by place. */
export const allKeys: readonly KeyPlace[] = [
  ...keyPlaces,
  ...views.map(({ name, text, keys, keysOf = text }) => ({ name, title: keysOf, rows: keys })),
];
