/** What tests and the style sheet may ask of an element. */
export type Data = Readonly<Record<string, string | number | boolean | undefined>>;

/** As attributes: `{ rows: 4 }` is `data-rows="4"`. */
export function dataAttributes(data: Data): Data {
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [`data-${name}`, value]));
}
